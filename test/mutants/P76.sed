# What is left out of a suspended table is not counted.
### daemon/apply.c
/^count_excepted/,/^}/s/a->pending\.excepted\+\+;/;/
