# That a table has caught up is believed before the COMMIT is answered.
### daemon/apply.c
s/^	nstates = collect_states\(a, pos\);/&\n	states_written(a, pos);/
