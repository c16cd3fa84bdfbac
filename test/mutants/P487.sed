# Any durability will do.
### endpoints/my_preflight.c
/^check_durable/,/^}/s/if \(flush != 1 \&\&/if (flush > 99 \&\&/
