# Where a timeline was left is no matter.
### cdc/timeline.c
/^timeline_judge/,/^}/s/else if \(!end_lsn_reached\(.*$/else if (false)/
