# The next run goes on with the former configuration.
### daemon/task.c
/^take_next_conf/,/^}/s/if \(t->next_conf == NULL\)/if (t != NULL)/
