# What passes as text fits.
### endpoints/pg_preflight.c
/^fit_other/,/^}/s/return is_rounded\(s, t\) \? FIT_NOT : FIT_RISK;/return FIT_RISK;/
