# Whichever server answers counts.
### endpoints/pg_look.c
s/WHERE pg_postmaster_start_time\(\) = [$]2::timestamptz/WHERE $2::timestamptz IS NOT NULL/
