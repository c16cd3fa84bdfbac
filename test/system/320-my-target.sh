#!/bin/sh
# The operations of a MySQL and a MariaDB target one by one, with batches made by hand: ownership and fencing, rows by key and by content, keys and
# unique values that swap, each type by each way to the same bytes, what is refused, a commit whose outcome is not known, load and ledger, tables made
# ready, another name, cleanup.
# matrix: mysql mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs mysql mariadb
check=$O/test/system/my_target_check
[ -x "$check" ] || fail "no $check: build the tests first"

for server in madst mydst; do
	step "a target on $server"
	db_start $server max-allowed-packet=16M
	"$check" "$TMP/$server/sock" root || fail "on $server"
done
step 'MariaDB with a binlog, in which every row is written'
db_start madst2 max-allowed-packet=16M log_bin=binlog binlog_format=MIXED sync_binlog=1
"$check" "$TMP/madst2/sock" root || fail 'on madst2'
