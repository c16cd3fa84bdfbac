# A float is read as a sum, which has no -0.
### endpoints/my_query.c
s/ \* 1e0/ + 0e0/
