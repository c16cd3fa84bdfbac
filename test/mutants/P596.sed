# A replica is as good as any.
### endpoints/my_source_check.c
s/	if \(replica\)/	if (replica \&\& false)/
