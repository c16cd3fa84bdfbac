# Each part of a large transaction is committed by itself.
### daemon/apply.c
/^apply_write_part/,/^}/s/if \(!apply_write\(a, err\)\)/if (!apply_write(a, err) || !apply_commit_at(a, \&a->c.cp->position, (struct wall){ 0 }, err))/
