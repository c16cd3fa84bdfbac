#!/bin/sh
# Writes cdc/charset_tables.def (standard output): what the servers themselves make of every code of their character sets, and their
# collations. The second server is asked too, and a code on which the two differ ends the script.
# usage: sh test/corpus/charset-tables.sh MYSQL-SOCKET MARIADB-SOCKET [MARIADB-SOCKET...] >cdc/charset_tables.def
#   sockets of servers whose root has no password: the newest MySQL, then MariaDBs; the last one knows all uca1400 collations.
#   sh test/corpus/charset-tables.sh sums MYSQL-SOCKET MARIADB-SOCKET: instead, sums over the codes, which the unit test compares (test/corpus/charset/sums);
#   collations MYSQL-SOCKET MARIADB-SOCKET: all that the two know (test/corpus/charset/collations)
set -eu
LC_ALL=C
export LC_ALL

ask() { # SOCKET SQL
	mysql --no-defaults --default-character-set=utf8mb4 -S "$1" -u root -N -r -e "SET SESSION group_concat_max_len = 1000000; USE numbers; $2"
}

numbers() { # SOCKET: the numbers 0 to 65535 as a table
	mysql --no-defaults -S "$1" -u root -e "CREATE DATABASE IF NOT EXISTS numbers; USE numbers; DROP TABLE IF EXISTS n;
		CREATE TABLE n (n int PRIMARY KEY);
		INSERT INTO n WITH RECURSIVE r AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 255)
			SELECT a.n * 256 + b.n FROM r a, r b"
}

# The character of these bytes as it stands in a C string: U+FFFD for none, escapes for what an editor would not show.
literal() { # SET BYTES: an SQL expression
	u="CONVERT(CONVERT($2 USING $1) USING ucs2)"
	cat <<-SQL
	CASE WHEN $u IS NULL OR LENGTH($u) <> 2 OR HEX($u) = '003F' THEN _utf8mb4 0xEFBFBD
		WHEN HEX($u) < '00A0' AND HEX($u) NOT BETWEEN '0020' AND '007E' OR HEX($u) IN ('0022', '005C')
			THEN CONCAT('\\\\', LPAD(OCT(CONV(HEX($u), 16, 10)), 3, '0'))
		WHEN HEX($u) = '00A0' OR HEX($u) = '00AD' OR HEX($u) BETWEEN '0300' AND '036F' OR HEX($u) BETWEEN '2000' AND '200F'
			OR HEX($u) BETWEEN '2028' AND '202F' OR HEX($u) BETWEEN 'D800' AND 'F8FF' OR HEX($u) = 'FEFF'
			THEN CONCAT('\\\\u', HEX($u))
		ELSE CONVERT($u USING utf8mb4) END
	SQL
}

# The same question to both servers; the answers are equal.
both() { # SQL
	ask "$mysql" "$1" >"$dir/mysql"
	ask "$mariadb" "$1" >"$dir/mariadb"
	cmp "$dir/mysql" "$dir/mariadb" >&2
	cat "$dir/mysql"
}

single_byte() {
	for set in armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 \
		latin7 macce macroman swe7 tis620; do
		low=$(both "SELECT IFNULL(SUM(HEX(CONVERT(CONVERT(CHAR(n USING binary) USING $set) USING ucs2)) <> LPAD(HEX(n), 4, '0')), 1)
			FROM n WHERE n < 128")
		high=$(both "SELECT GROUP_CONCAT($(literal "$set" 'CHAR(n USING binary)') ORDER BY n SEPARATOR '') FROM n WHERE n BETWEEN 128 AND 255")
		if [ "$low" != 0 ]; then
			low=$(both "SELECT GROUP_CONCAT($(literal "$set" 'CHAR(n USING binary)') ORDER BY n SEPARATOR '') FROM n WHERE n < 128")
			printf 'LOW(%s, u"%s")\n' "$set" "$low" >>"$dir/low"
		fi
		printf 'HIGH(%s, u"%s")\n' "$set" "$high"
	done
}

# Lines "lead trail character" -> ROW lines, those of the same text in BASE (a file of ROW lines) left out.
rows() { # SET MACRO BASE
	awk -v set="$1" -v macro="$2" -v base="$3" '
	function flush() {
		if (text == "") return
		sub(/(\357\277\275)+$/, "", text)
		key = lead ", " first ", u\"" text "\")"
		if (!(key in known)) print macro "(" set ", " key
		text = ""
	}
	BEGIN { while (base != "" && (getline line < base) > 0) known[substr(line, index(line, ", ") + 2)] = 1 }
	$1 != lead { flush(); lead = $1 }
	text == "" && $3 == "\357\277\275" { next }
	text == "" { first = $2 }
	{ text = text $3 }
	END { flush() }'
}

two_bytes() { # SET BASE
	q="SELECT CONCAT('0x', HEX(n DIV 256)), CONCAT('0x', LPAD(HEX(n MOD 256), 2, '0')), $(literal "$1" 'CHAR(n USING binary)')
		FROM n WHERE n DIV 256 > 127 AND n MOD 256 > 47 ORDER BY n"
	case $1 in gb18030) ask "$mysql" "$q" ;; *) both "$q" ;; esac | rows "$1" ROW "${2:+$dir/$2.2}" >"$dir/$1.2"
	cat "$dir/$1.2"
}

three_bytes() { # SET BASE: after 0x8F
	both "SELECT CONCAT('0x', HEX(n DIV 256)), CONCAT('0x', LPAD(HEX(n MOD 256), 2, '0')), $(literal "$1" 'CHAR(0x8F0000 + n USING binary)')
		FROM n WHERE n DIV 256 > 127 AND n MOD 256 > 127 ORDER BY n" | rows "$1" ROW3 "${2:+$dir/$2.3}" >"$dir/$1.3"
	cat "$dir/$1.3"
}

# gb18030: what four bytes are in the basic plane; runs of numbers that follow each other.
four_bytes() {
	ask "$mysql" "SELECT n, CONV(HEX(CONVERT(CONVERT(CHAR(129 + n DIV 12600, 48 + n DIV 1260 % 10, 129 + n DIV 10 % 126, 48 + n % 10 USING binary)
		USING gb18030) USING ucs2)), 16, 10) FROM n WHERE n < 39420 ORDER BY n" |
		awk '$2 != last + 1 { printf "RUN(%d, 0x%04X)\n", $1, $2 } { last = $2 }'
}

collations() {
	number=1
	for s in "$mysql" "$@"; do
		ask "$s" "SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME, $number FROM information_schema.COLLATIONS WHERE ID IS NOT NULL AND ID < 2048"
		number=2
	done | sort -u | sort -n -k 1,1 -k 2,2 -k 4,4 | awk '
		$1 == id && $2 == name { where = 3; next }
		{ flush(); id = $1; name = $2; set = $3; where = $4 }
		function flush() { if (id) printf "COLLATION(%d, \"%s\", %s, %s)\n", id, name, set, where == 3 ? "BOTH" : where == 2 ? "MARIADB" : "MYSQL" }
		END { flush() }'
}

# MariaDB: 2048 + set * 256 + language * 8 + nopad * 4 + accents * 2 + case
languages() {
	for s in "$@"; do last=$s; done
	ask "$last" "SELECT (ID - 2048) DIV 8, SUBSTRING(REPLACE(SUBSTRING(FULL_COLLATION_NAME, 16), '_as_cs', ''), 2)
		FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY
		WHERE ID >= 2048 AND ID < 2304 AND (ID - 2048) % 8 = 3 AND FULL_COLLATION_NAME LIKE 'utf8mb3\\_uca1400\\_%' ORDER BY ID" |
		awk '{ printf "UCA(%d, \"%s\")\n", $1, $2 }'
}

# Each string of one and of two bytes with what the server makes of it ("-": invalid, or no character), folded into one number a set; the
# same over longer codes, where a set has them. A few codes of big5 and tis620 are for the servers the character for "no character".
sum() { # SOCKET NAME SET STRINGS
	ask "$1" "SELECT '$2', SUM(CRC32(CONCAT(HEX(b), ':', IF(r IS NULL OR LENGTH(r) = 0 OR '$3' IN ('big5', 'tis620') AND LOCATE(0xEFBFBD, r) OR
			LENGTH(r) - LENGTH(REPLACE(r, 0x3F, '')) > LENGTH(b) - LENGTH(REPLACE(b, 0x3F, '')), '-', HEX(r)))))
		FROM (SELECT b, CAST(CONVERT(CONVERT(b USING $3) USING utf8mb4) AS BINARY) r FROM ($4) x) y"
}

sums() { # MYSQL-SOCKET MARIADB-SOCKET; MySQL lets pass bytes of ascii that happen to be UTF-8, and drops a cut character of eucjpms
	for set in $(ask "$1" "SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME NOT IN
		('binary', 'ucs2', 'utf16', 'utf16le', 'utf32', 'utf8', 'utf8mb3', 'utf8mb4') ORDER BY 1"); do
		case $set in ascii | eucjpms) server=$2 ;; *) server=$1 ;; esac
		sum "$server" "$set" "$set" "SELECT CHAR(n USING binary) b FROM n WHERE n < 256 UNION ALL
			SELECT CONCAT(CHAR(n DIV 256 USING binary), CHAR(n MOD 256 USING binary)) FROM n"
	done
	for set in ucs2 utf16 utf16le; do
		sum "$1" "$set" "$set" 'SELECT CONCAT(CHAR(n DIV 256 USING binary), CHAR(n MOD 256 USING binary)) b FROM n'
	done
	for set in ujis eucjpms; do
		sum "$1" "$set/8F" "$set" "SELECT CONCAT(CHAR(0x8F, n DIV 256 USING binary), CHAR(n MOD 256 USING binary)) b FROM n WHERE n DIV 256 > 127 AND n MOD 256 > 127"
	done
	sum "$1" gb18030/4 gb18030 "SELECT CHAR(129 + n.n DIV 10 % 126, 48 + n.n MOD 10, 129 + m.n DIV 10, 48 + m.n MOD 10 USING binary) b
		FROM n, n m WHERE n.n < 1260 AND m.n < 1260"
	sum "$1" utf32/4 utf32 "SELECT CONCAT(CHAR(0, n.n, m.n DIV 256 USING binary), CHAR(m.n MOD 256 USING binary)) b FROM n, n m WHERE n.n < 18"
}

case $1 in
sums)
	numbers "$2"
	numbers "$3"
	sums "$2" "$3"
	exit
	;;
collations)
	numbers "$2"
	numbers "$3"
	ask "$2" "SELECT 'mysql', ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS ORDER BY ID"
	ask "$3" "SELECT 'mariadb', ID, FULL_COLLATION_NAME, CHARACTER_SET_NAME
		FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE CHARACTER_SET_NAME <> '' ORDER BY ID"
	exit
	;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
mysql=$1 mariadb=$2
shift
for s in "$mysql" "$@"; do numbers "$s"; done
echo '/* charset_tables.def - the codes of the character sets, as the servers convert them, and the collations. Made by'
printf ' * test/corpus/charset-tables.sh; \357\277\275 (U+FFFD) is no character. %s*/\n' "$(for s in "$mysql" "$@"; do ask "$s" 'SELECT VERSION()'; done | tr '\n' ' ')"
echo '#ifdef HIGH'
single_byte
echo '#endif'
echo '#ifdef LOW'
cat "$dir/low"
echo '#endif'
echo '#ifdef ROW'
two_bytes big5 ''
two_bytes euckr ''
two_bytes gb2312 ''
two_bytes gbk ''
two_bytes gb18030 gbk
two_bytes sjis ''
two_bytes cp932 sjis
two_bytes ujis ''
two_bytes eucjpms ujis
echo '#endif'
echo '#ifdef ROW3'
three_bytes ujis ''
three_bytes eucjpms ujis
echo '#endif'
echo '#ifdef RUN'
four_bytes
echo '#endif'
echo '#ifdef COLLATION'
collations "$@"
echo '#endif'
echo '#ifdef UCA'
languages "$@"
echo '#endif'
