# Another shape is applied as far as it fits.
### daemon/stream.c
/^resolve/,/^}/s/return tables_relation_differs\(rel, t, err\);/return true || tables_relation_differs(rel, t, err);/
