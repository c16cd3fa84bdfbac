# A name is enough.
### endpoints/my_identity.c
/^is_same_file/,/^}/s/if \(p->born == 0\)/if (true)/
