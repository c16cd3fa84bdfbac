#!/bin/sh
# Reads and writes that are cut short, connections that break and interrupted calls in a worker, on real servers: it goes on to the same end.
# timeout: 180
# faults: yes
SAMPLES='all:0:SHORT recv:60:ECONNRESET send:40:EINTR mem:80 mmap:2:ENOMEM any:send:1:ENOMEM'
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/torture/memory/samples.sh"
