# The checkpoint is the start of the commit record.
### cdc/pgoutput.c
s/(c->u\.commit\.position = .*)\.lsn = end \}/\1.lsn = { start.v } }/
