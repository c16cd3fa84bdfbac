# Rows are inserted before others make room.
### staging/batch_steps.c
s/kinds\[\] = \{ STEP_DELETE, STEP_PARK, STEP_UPDATE, STEP_INSERT,/kinds[] = { STEP_INSERT, STEP_DELETE, STEP_PARK, STEP_UPDATE,/
