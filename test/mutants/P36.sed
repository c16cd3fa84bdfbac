# The position is asked for after the snapshot.
### endpoints/pg_snapshot.c
/^create_slot/,/^}/s/return ok && FAULT\("snapshot\.slot_created", err\);/return ok \&\& pg_source_end(w->look, \&w->snap->pos.lsn.v, \&(bool){ 0 }, err);/
