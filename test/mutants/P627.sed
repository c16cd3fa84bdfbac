# What a TRUNCATE of a binlog comes with counts as the shape that was applied.
### daemon/apply_plan.c
/^apply_plan_for_truncate/,/^}/s/a->mark.kind != POSITION_BINLOG/true/
