# What a load that was cut short has left stays.
### endpoints/pg_prepare.c
/^prepare_again/,/^}/s/return truncate_table\(t, tab, err\);/return true || truncate_table(t, tab, err);/
