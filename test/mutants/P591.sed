# A statement that names a session's own table without saying TEMPORARY is taken for one about everybody's.
### cdc/binlog_query.c
/^mind_temporary/,/^}/s/sql->temporary = sql->nnames == 1 \|\| sql->renames;/;/
