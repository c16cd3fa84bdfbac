# Rules are not looked for.
### endpoints/pg_preflight.c
s/r\.ev_type <> '1' ORDER BY 1/false ORDER BY 1/
