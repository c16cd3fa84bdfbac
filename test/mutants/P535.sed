# Nothing but DDL is held up.
### endpoints/my_snapshot.c
s/"BACKUP STAGE BLOCK_DDL", "BACKUP STAGE BLOCK_COMMIT" \};/"BACKUP STAGE BLOCK_DDL" };/
