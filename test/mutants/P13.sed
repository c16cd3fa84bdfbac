# A chunk commits whatever the attempt.
### endpoints/pg_load.c
s/" AND attempt = \$4::int8 FOR SHARE\)"/" AND $4::int8 IS NOT NULL FOR SHARE)"/
