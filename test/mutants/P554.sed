# Nothing known, nothing to do.
### daemon/apply_xa.c
/^apply_xa_commit\(/,/^}/s/return ok && \(known \|\| unknown\(c, xid, err\)\);/return ok \&\& (known || !err->password || unknown(c, xid, err));/
