# A collision is an error like any other.
### daemon/ranged.c
/^ranged_collided/,/^}/s/return r != NULL/return r != NULL \&\& err->msg[0] == 0/
