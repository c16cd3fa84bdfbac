# Restarts and resyncs are not answered.
### daemon/task.c
/^answer_askers/,/^}/s/while \(t->askers != NULL\)/while (false)/
