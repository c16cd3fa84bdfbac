# Old values count as new ones do.
### staging/transform.c
s/&former, err/ret_changed, err/
