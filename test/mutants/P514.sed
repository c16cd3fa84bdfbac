# Any plugin will do.
### endpoints/pg_source.c
s/strcmp\(plugin, source_is_wal2json\(p\) \? "wal2json" : "pgoutput"\) == 0 &&/(source_is_wal2json(p) || plugin[0] != 0) \&\&/
