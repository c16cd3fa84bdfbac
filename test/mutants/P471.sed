# The former session goes on.
### endpoints/my_own.c
/^my_target_learn/,/^}/{
s/if \(!clear_lock\(t, group_lock\(t->task, cp->group, name\), true, err\) \|\|/if (!group_lock(t->task, cp->group, name) ||/
s/\(new_owner \&\& !my_end_former_sessions\(t, t->task, err\)\)\)/!clear_lock(t, "repld:nobody", true, err))/
}
