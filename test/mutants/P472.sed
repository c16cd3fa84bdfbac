# Warnings are nobody's business.
### endpoints/my_apply.c
s/\(done\.warnings == 0 \|\| my_err_warning\(t->c, err\)\)/(done.warnings <= UINT16_MAX)/
