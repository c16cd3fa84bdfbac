# Each place is told.
### cdc/binlog_group.c
s/^	if \(before_reached\(dec\)\)$/	if (before_reached(dec) \&\& dec->dead)/
