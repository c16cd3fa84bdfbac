# It goes on.
### endpoints/my_identity.c
s/ret->forgets_added_tables = true;/ret->forgets_added_tables = false;/
