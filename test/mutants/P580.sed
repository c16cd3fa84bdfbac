# Indexes are made by a right that nobody was asked for.
### endpoints/my_table_ddl.c
/^put_one_index/,/^}/s/buf_str\(out, "CREATE "\);/buf_str(out, "ALTER TABLE t ADD ");/
