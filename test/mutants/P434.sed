# Whatever the log has, the catalog's type it is.
### cdc/my_type.c
s/^\tif \(!same\)$/\tif (!same \&\& t == NULL)/
