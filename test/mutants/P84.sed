# Mode cdc loads.
### daemon/run.c
/^loads\(/,/^}/s/return r->conf->mode != MODE_CDC;/return r->conf->mode != MODE_CDC || true;/
