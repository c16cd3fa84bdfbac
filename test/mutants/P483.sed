# Triggers are not looked for.
### endpoints/my_target.c
/^my_check_triggers/,/^}/s/if \(t->fire_triggers\)/if (t->fire_triggers || plan != NULL)/
