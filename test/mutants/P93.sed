# Tables that left the rules are forgotten before the checks.
### daemon/run.c
/^survey/,/^}/s/!set_gone_aside\(r, err\) \|\|/!set_gone_aside(r, err) || !forget_gone(r, err) ||/
s/^static bool$/&/
/^#include "daemon\/watch.h"/s/$/\nstruct run;\nstatic bool forget_gone(struct run *r, struct err *err);/
