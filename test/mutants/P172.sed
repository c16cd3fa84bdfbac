# A rule that takes the place of what is written is no matter.
### endpoints/pg_preflight.c
/^check_actor/,/^}/s/if \(instead\)/if (false \&\& instead)/
