# The same, at the start of the stream.
### endpoints/pg_stream.c
s/else if \(log->confirmed\.lsn\.v > from\)/else if (false)/
