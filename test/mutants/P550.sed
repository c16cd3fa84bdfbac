# Prepared rows are applied at once.
### daemon/apply.c
/^on_change/,/^}/s/apply_xa_is_open\(a\) \? apply_xa_row\(a, c, err\) : apply_row/apply_xa_is_open(a) \&\& false ? apply_xa_row(a, c, err) : apply_row/
