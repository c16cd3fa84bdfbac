# A task that has loaded starts to stream at the present.
### daemon/run.c
/^prepare_log/,/^}/s/!has_log_since_load\(r, err\)/(false \&\& !has_log_since_load(r, err))/
