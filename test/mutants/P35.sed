# The slot is made first, the publication afterwards.
### daemon/run.c
/^prepare_log/,/^}/{
s/!(r->l\.so->prepare\([^)]*\))/false/
/publication_made = prepared/,/^}/s/return (lane_open_log\(.*\));/return \1 \&\& r->l.so->prepare(r->l.source, r->l.tables, \&prepared, err);/
}
