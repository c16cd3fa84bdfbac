# Names are compared as they were written.
### endpoints/my_stream.c
s/\.folds_names = s->c->folds_names/.folds_names = false/
