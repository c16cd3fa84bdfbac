# A geometry leaves its SRID behind.
### staging/convert_bytes.c
/^geometry_to_ewkb/,/^}/s/srid = in->len >= 9 \? le32\(in->p\) : 0/srid = 0/
