-- A column of each character set, and in each a text that it has: the script makes the table and the rows from these lines.
-- SET TEXT
armscii8 Հայերեն
big5 繁體中文字
cp1250 Příliš žluťoučký
cp1251 Привет, мир
cp1256 مرحبا
cp1257 Šiauliai ąčęėįšųūž
cp850 àéîõü ▒
cp852 Žluťoučký
cp866 Привет ▒
cp932 日本語ソ表①ｱ
dec8 àéîõü
eucjpms 日本語ソ①丂
euckr 한국어 뷁
gb2312 简体中文
gbk 简体繁體丂
geostd8 ქართული
greek Ελληνικά
hebrew עברית
hp8 àéîõü
keybcs2 Žluťoučký
koi8r Привет
koi8u Київ ї
latin1 café €
latin2 Žluťoučký
latin5 İstanbul
latin7 Šiauliai
macce Žluťoučký
macroman café ∂
sjis 日本語ソ表ｱ
swe7 ÅÄÖ åäö
tis620 สวัสดี
ucs2 Ω漢字
ujis 日本語ソ丂
utf16 Ω漢字😀
utf16le Ω漢字😀
utf32 Ω漢字😀
utf8mb3 Ω漢字
utf8mb4 Ω漢字😀
