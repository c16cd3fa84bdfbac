# What was read and concerns nobody is confirmed without a checkpoint.
### daemon/capture.c
s/^(	*)if \(change->kind == CHANGE_KEEPALIVE\)$/\1c->ctx.ops->stream_confirm(c->stream, \&change->u.commit.position);\n&/
