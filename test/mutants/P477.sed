# The other's row goes.
### endpoints/my_state.c
s/"INSERT INTO repld\.table_state \(task/"REPLACE INTO repld.table_state (task/
