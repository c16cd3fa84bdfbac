# Every change of the rules is agreed to.
### daemon/rule_change.c
/^is_agreed/,/^}/s/return strcmp.*/return strcmp(what, "") != 0;/
