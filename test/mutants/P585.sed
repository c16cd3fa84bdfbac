# The place where the run began counts.
### daemon/watch.c
/^look\(/,/^}/s/applied = view.confirmable;/;/
