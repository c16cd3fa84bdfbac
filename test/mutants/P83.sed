# A restart is not answered.
### daemon/task.c
/^run_ended/,/^}/s/answer\(t, &t->restart_id, true, "restarted"\);/;/
