# A five at the end rounds down.
### cdc/float_text.c
s/\|\| last >= 5\)/|| last > 5)/
