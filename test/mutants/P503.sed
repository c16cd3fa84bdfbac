# A key is not asked for.
### endpoints/pg_source_check.c
s/\} else if \(!has_index\) \{/} else if (!has_index \&\& !source_is_wal2json(\&k->s->p)) {/
