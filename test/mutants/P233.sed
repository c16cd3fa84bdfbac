# Rows of a content that the batch made are not known again.
### staging/batch.c
/^bag_put/,/^}/s/fill_slot\(/if (hash == 0) fill_slot(/
