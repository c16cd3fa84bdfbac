# The slot is made first, the publication afterwards.
### daemon/run.c
/^prepare_log/,/^}/{
s/if \(!r->so->prepare\(r->source, r->tables, &prepared, err\)\)/if (false)/
s/return make_slot\(r, err\);/return make_slot(r, err) \&\& r->so->prepare(r->source, r->tables, \&prepared, err);/
}
