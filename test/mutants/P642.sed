# XA COMMITs meanwhile do not count.
### endpoints/my_snapshot.c
/^none_was_prepared/,/^}/s/ && commits == s->xa_commits;/ \&\& commits >= s->xa_commits;/
