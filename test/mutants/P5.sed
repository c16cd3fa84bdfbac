# Each part of a large transaction is committed by itself.
### daemon/apply.c
/^apply_write_part/,/^}/s/if \(!apply_write\(a, err\)\)/if (!apply_write(a, err) || !commit_at(a, \&a->c.cp->position, (struct wall){ 0 }, err))/
s/^static bool apply_commit\(.*/&\nstatic bool commit_at(struct apply *a, const struct position *pos, struct wall commit_time, struct err *err);/
