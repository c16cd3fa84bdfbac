# A rewritten table keeps its ranges.
### daemon/ranged.c
/^ranged_check_files/,/^}/s/ts->ranges == NULL \|\| /ts->ranges == NULL || text != NULL || /
