# No server changes names.
### endpoints/my_preflight.c
s/p->lowers_case = strcmp\(names, "1"\) == 0;/p->lowers_case = false;/
