# The server's idea of its own position.
### endpoints/my_identity.c
s/@@global\.gtid_binlog_pos/@@global.gtid_current_pos/
