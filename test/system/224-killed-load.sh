#!/bin/sh
# kill -9 of the worker at 30, 50 and 90 % of the load of a table with a text key, by ranges of it, under writes; the long proof, in small.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
KEY=text ROWS=300000 OPTIONS='max_rate = "10MB"; chunks = "key";'
. "$TOP/test/long/killload.sh"
