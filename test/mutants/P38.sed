# The file is compared without a lock.
### endpoints/pg_scan.c
s/lock_leaf\(s, leaf, err\) && same_file/(true || lock_leaf(s, leaf, err)) \&\& same_file/
