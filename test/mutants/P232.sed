# It is cut at max_rows.
### daemon/apply.c
/^part_is_full/,/^}/s/ && \(a->c\.redo->mode.*$/;/
