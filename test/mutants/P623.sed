# Where a reader begins is not told.
### cdc/binlog.c
/^init_start/,/^}/s/dec->at = dec->done =/dec->at = dec->told = dec->done =/
