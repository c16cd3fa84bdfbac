# A password that was changed ends the task.
### daemon/task.c
/^judge/,/^}/s/if \(is_rotation\(t, err\)\)/if (false)/
