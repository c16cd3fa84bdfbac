# What came before a TRUNCATE is written after it.
### staging/batch_steps.c
s/if \(copy == NULL \|\| !batch_emit_section\(b, err\) \|\|/if (copy == NULL ||/
