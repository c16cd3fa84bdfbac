# Any server will do.
### daemon/run.c
s/if \(strcmp\(was->id, is->id\) != 0 && r->l\.so->locate == NULL\)/if (false)/
