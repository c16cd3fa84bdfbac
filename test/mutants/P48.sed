# A stream that waits for room says nothing.
### daemon/capture.c
/^sink_reserve/,/^}/s/if \(!c->ctx\.ops->stream_tick\(c->stream, err\)\)/if (false)/
