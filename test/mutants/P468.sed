# The server chooses a timestamp's default.
### endpoints/my_table_ddl.c
/^put_timestamp/,/^}/s/if \(typemap_read/if (true || typemap_read/
