# A column with digits takes nothing but what has none.
### staging/convert_number.c
s/\(to->rounds && !\(from->rounds .*\)\)\)$/to->rounds)/
