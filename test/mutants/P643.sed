# A resume is answered at once.
### daemon/task.c
s/^\tt->resume_id = id;.*/\tt->reply(t->reply_arg, id, true, "resumed");/
