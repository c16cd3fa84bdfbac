#!/bin/sh
# The stream of a MariaDB source dies without a word while the server still writes to it: that is found, and the next dump does not wait for the end of
# the former one. The long form, with every kind of server and connection: make torture PART=network.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
export TOP RATE=100
export SRC_KIND=mariadb DST_KIND=postgresql FAULTS='src:stream:hole'
exec sh "$TOP/test/system/network.sh"
