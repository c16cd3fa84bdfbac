# A restart is not answered.
### daemon/task.c
/^run_ended/,/^}/s/answer_restart\(.*\);/;/
