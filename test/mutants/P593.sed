# A statement that is not understood is read again.
### endpoints/my_stream.c
s/return !sql->unclear \|\| unclear_ddl\(s, st, err\)/return !sql->unclear || (unclear_ddl(s, st, err) \&\& err_set(err, ERR_RETRY, "looking again"))/
