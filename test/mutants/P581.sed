# The catalog is asked for any name.
### endpoints/my_catalog.c
/^my_name_possible/,/^}/s/>= 0xf0/>= 0xf8/
