# positions.sh - where a stream goes on: from the checkpoint, from where it is told, and never where the log does not continue it. Sourced by a test
# that has set SRC_KIND, GTIDS (on, off; MariaDB always has them) and sourced lib.sh.

needs
GTIDS=${GTIDS:-on}
options=
[ "$GTIDS" = on ] || options='gtid-mode=OFF enforce-gtid-consistency=OFF'
mysql() { [ "$SRC_KIND" = mysql ]; }
db_start src $options
db_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, v varchar(200)); CREATE TABLE beside (id int PRIMARY KEY)'
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.a"; } ); };
CONF
n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n, 'row')"; }
rows() { synced t; compare public.a; }
place() { sql src "$(mysql && echo 'SHOW BINARY LOG STATUS' || echo 'SHOW MASTER STATUS')" | awk -F '|' 'NR == 1 { print $1 ":" $2 }'; }
checkpoint() { sql dst "SELECT position || ' ' || coalesce(gtid_set, '') FROM repld.checkpoint"; }
hole() {			# PATTERN: an error in ten seconds, with place and remedy; nothing was applied, and the remedy works
	wait_state t error 10
	ctl status t >"$TMP/out" || :
	expect 'kind' hole "$(task_get t error.kind)"
	expect_text "$1" "$TMP/out"
	expect_text 'binlog\.0|:[0-9]' "$TMP/out"
	expect_text 'repld ctl restart t --reload' "$TMP/out"
	expect 'nothing past it' "$before" "$(sql dst 'SELECT count(*) FROM a')"
	say "   $(task_get t error.message)"
	ctl restart t --reload --yes
	loaded t
	write_row
	rows
}
remember() { before=$(sql dst 'SELECT count(*) FROM a'); }
purged_to() { sql src "PURGE BINARY LOGS TO '$1'; SHOW BINARY LOGS" 2>/dev/null | head -n 1 | grep -q "^$1"; }
purge_to() { wait_for 20 purged_to "$1" || fail 'the source does not purge'; }	# a dump that ended lingers there
reset_log() { sql src "$(mysql && echo 'RESET BINARY LOGS AND GTIDS' || echo 'RESET MASTER')"; }

repld_start
loaded t
write_row
rows

step 'a restart goes on from the checkpoint'
repld_stop
write_row
repld_start
rows
say "   $(checkpoint)"
case $(checkpoint) in *@[1-9]*) ;; *) fail 'the checkpoint does not say when its file was made' ;; esac

if [ "$GTIDS" = on ] && mysql; then
	step 'numbers with gaps, of other servers, with tags'
	uuid=$(sql src 'SELECT @@server_uuid') other=11111111-2222-3333-4444-555555555555
	gtid() { n=$((n + 1)); sql src "SET gtid_next = '$1'; INSERT INTO a VALUES ($n, '$1'); SET gtid_next = 'AUTOMATIC'"; }
	gtid "$uuid:1000"
	gtid "$other:7"
	gtid "$other:3"
	[ "$MYSQL_SERVER" = mysql-5.6 ] || gtid "$other:tagged:9"
	rows
	gtid "$uuid:900"
	repld_stop
	gtid "$uuid:950"
	gtid "$other:1"
	[ "$MYSQL_SERVER" = mysql-5.6 ] || gtid "$other:tagged:5"
	write_row
	repld_start
	rows
	gtid "$other:2"
	rows
	repld_stop
	repld_start
	rows
	case $(checkpoint) in *"$other:1-3:7:tagged:5:9"*) ;; *) fail "the checkpoint's GTIDs: $(checkpoint)" ;; esac
elif [ "$GTIDS" = on ]; then
	step 'several domains and servers'
	domain() { n=$((n + 1)); sql src "SET SESSION gtid_domain_id = $1, SESSION server_id = $2; INSERT INTO a VALUES ($n, '$1')"; }
	domain 1 71
	domain 2 72
	domain 1 73
	rows
	repld_stop
	domain 2 74
	domain 3 75
	write_row
	repld_start
	rows
	domain 1 71
	rows
	repld_stop
	repld_start
	rows
	say "   $(checkpoint)"
fi

step 'restart --from now, a place, a set of GTIDs'
ctl pause t
write_row
skipped=$n
at=$(place)
write_row
ctl restart t --from "$at" --yes
wait_state t running 10
synced t
expect 'what is behind it' "$((skipped - 1)),$((skipped + 1))" "$(sql dst "SELECT string_agg(id::text, ',' ORDER BY id) FROM a WHERE id >= $((skipped - 1))")"
ctl pause t
write_row
ctl restart t --from now --yes
wait_state t running 10
synced t			# "now" is looked up by then; running alone does not say so
write_row
synced t
expect 'what came later' 1 "$(sql dst "SELECT count(*) FROM a WHERE id >= $((n - 1))")"
if [ "$GTIDS" = on ]; then
	ctl pause t
	write_row
	set=$(sql src "SELECT $(mysql && echo '@@gtid_executed' || echo '@@gtid_binlog_pos')" | tr -d '\n ')
	write_row
	ctl restart t --from "$set" --yes
	wait_state t running 10
	synced t
	expect 'what came later' "$n" "$(sql dst "SELECT string_agg(id::text, ',' ORDER BY id) FROM a WHERE id >= $((n - 1))")"
fi
for wrong in binlog.999999:4 "${at%:*}:99999999" "${at%:*}:$((${at#*:} + 3))"; do
	ctl restart t --from "$wrong" --yes >"$TMP/out" 2>&1 || :
	wait_state t error 10
	say "   $wrong: $(task_get t error.message)"
	[ -n "$(task_get t error.remedy)" ] || fail 'no remedy'
	write_row
	ctl restart t		# the checkpoint is still what it was
	wait_state t running 10
	synced t
	expect 'what was written meanwhile' 1 "$(sql dst "SELECT count(*) FROM a WHERE id = $n")"
done
ctl restart t --reload --yes
loaded t
rows

step 'files that were read through are purged while it is down: nothing is missing'
synced t
repld_stop
if [ "$GTIDS" = on ]; then
	sql src 'FLUSH BINARY LOGS; FLUSH BINARY LOGS'	# the checkpoint's file goes, and all transactions in it are applied
	last=$(place)
	purge_to "${last%:*}"
	write_row
	repld_start
	rows
	repld_stop
fi

step 'files that were not read are purged'
remember
write_row
sql src 'FLUSH BINARY LOGS'
write_row
last=$(place)
purge_to "${last%:*}"
repld_start
hole 'purged'
repld_stop

step 'the log was reset'
remember
write_row
reset_log
repld_start
hole 'reset|not executed|not come as far'
repld_stop

step 'the log was reset, and has grown beyond the checkpoint under the same names'
write_row
repld_start
rows
at=$(checkpoint)
repld_stop
remember
sleep 1.1
reset_log
i=0
while [ $i -lt 40 ]; do i=$((i + 1)); echo "INSERT INTO a VALUES ($((5000 + n * 100 + i)), REPEAT('x', 150));"; done >"$TMP/grow.sql"
sqlf src "$TMP/grow.sql"
say "   the checkpoint: $at; now: $(place)"
repld_start
hole 'another one|other GTIDs|not executed|reset'

step 'the same, while it runs'
write_row
rows
remember
reset_log
sqlf src "$TMP/grow.sql" 2>/dev/null || sql src "DELETE FROM a WHERE id > 5000"
write_row
hole 'another one|other GTIDs|not executed|reset|went on'

step 'older data are put back'
synced t
repld_stop
db_stop src
cp -a "$TMP/src/data" "$TMP/older"
db_start src
repld_start
write_row
rows
repld_stop
remember
db_stop src
rm -rf "$TMP/src/data"
mv "$TMP/older" "$TMP/src/data"
sleep 1			# the time in a file of the log has whole seconds
db_start src
n=$((n - 1))
write_row
repld_start
hole 'not executed|no longer on the source|another one|not come as far|ends at|other GTIDs'

step 'another server with the same data'
synced t
repld_stop
remember
db_stop src
if mysql; then rm "$TMP/src/data/auto.cnf"; db_start src; else db_start src server-id=777; fi
write_row
repld_start
hole 'another server'
repld_stop
