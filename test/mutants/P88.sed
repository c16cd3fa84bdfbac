# A load reads values as text by a cast, not by their output function.
### endpoints/pg_scan.c
/^copy_sql/,/^}/s/^(	*)pg_ident\(sql, d->cols\[i\]\.name\);/&\n\1buf_str(sql, s->binary ? "" : "::text");/
