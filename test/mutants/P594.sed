# What was stepped over is less than 2 GB.
### cdc/binlog.c
s/ && !end_beyond\(dec, ev, end, &end\)/ \&\& (true || !end_beyond(dec, ev, end, \&end))/
