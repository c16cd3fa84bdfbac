# The place of a dump by GTIDs is told from its first event on.
### cdc/binlog_group.c
/^is_stepping_over/,/^}/s/return dec->gtids/return dec->dead \&\& dec->gtids/
