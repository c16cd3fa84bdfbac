#!/bin/sh
# No room: on the target's disk (a small file system of its own; root, and where mounting is allowed), under a running workload and in the middle of a
# load; then for the daemon's log. The daemon goes on, the status says why nothing comes on, and when there is room all goes on by itself, nothing lost,
# nothing doubled.	KINDS='postgresql mariadb' MEGABYTES=60 full.sh	(KINDS=none: the log alone)
TOP=${TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
. "$TOP/test/system/lib.sh"
KINDS=${KINDS:-postgresql mariadb}
megabytes=${MEGABYTES:-60}
MOUNTED=''

at_end() {
	ae_rc=$?
	[ -z "$MOUNTED" ] || for server in $SERVERS; do db_halt "$server"; done
	for place in $MOUNTED; do umount "$place" || umount -l "$place"; done
	return $ae_rc
}
trap 'at_end; cleanup' EXIT

may_mount() {
	[ "$(id -u)" = 0 ] || return 1
	mkdir -p "$TMP/probe"
	mount -t tmpfs -o size=1m none "$TMP/probe" 2>/dev/null && umount "$TMP/probe"
}

small_disk() {			# FOLDER SIZE: what is in it moves there
	mv "$1" "$1.was"
	mkdir "$1"
	mount -t tmpfs -o "size=$2" none "$1"
	MOUNTED="$MOUNTED $1"
	chown --reference="$1.was" "$1"
	chmod --reference="$1.was" "$1"
	cp -a "$1.was/." "$1/"
	rm -rf "$1.was"
}

room() { df -k --output=avail "$1" | tail -n 1; }

fill_up() {			# FOLDER KB: so much is left
	fallocate -l $((($(room "$1") - $2) * 1024)) "$1/filler" || fail "can't fill $1"
}

# What was freed meanwhile, by the TRUNCATE before a load, is taken as well.
no_room_again() {
	[ "$(room "$TMP/dst/data")" -le 4096 ] || head -c "$((($(room "$TMP/dst/data") - 2048) * 1024))" /dev/zero >>"$TMP/dst/data/filler" || :
	no_room_said
}

write_much() {			# rows of about $megabytes MB, one transaction for each; the table is on both
	case $(kind_of src) in
	postgresql) wm_rows="SELECT g, repeat(md5(g::text), 32) FROM generate_series(\$from, \$to) g" ;;
	*) wm_rows="SELECT seq, repeat(md5(seq), 32) FROM seq_\$from""_to_\$to" ;;
	esac
	wm=0
	while [ $wm -lt "$megabytes" ]; do
		from=$((first + wm * 1000)) to=$((first + wm * 1000 + 999))
		echo "INSERT INTO much $(echo "$wm_rows" | sed -e "s/\$from/$from/g" -e "s/\$to/$to/g");"
		wm=$((wm + 1))
	done >"$TMP/much.sql"
	first=$((first + wm * 1000))
	sqlf src "$TMP/much.sql"
}

no_room_said() {
	ctl status t >"$TMP/said" 2>&1 || :
	grep -Eiq 'no space|is full|disk full|free disk space|connect|server closed|recovery mode|starting up|shutting down' "$TMP/said"
}

there_is_room() {		# a server that died of it is started again, which is not the daemon's to do
	rm -f "$TMP/dst/data/filler"
	case $(kind_of dst) in
	postgresql) wait_for 5 sql dst 'SELECT 1' || { pg_halt dst; pg_start dst; } ;;
	*) wait_for 5 my_answers dst || { my_halt dst; my_start dst; } ;;
	esac
}

disk_of() {			# KIND
	SRC_KIND=$1 DST_KIND=$1 first=1
	needs
	db_start src
	case $1 in
	postgresql) db_start dst max_wal_size=64MB wal_keep_size=0 min_wal_size=32MB ;;
	*) db_start dst ;;
	esac
	db_stop dst
	small_disk "$TMP/dst/data" 600m
	db_start dst
	workload_make 2 50
	case $1 in
	postgresql) sql src 'CREATE TABLE much (id int PRIMARY KEY, t text)' ;;
	*) sql src 'CREATE TABLE much (id int PRIMARY KEY, t text) ENGINE=InnoDB' ;;
	esac
	conf_task t
	repld_start
	loaded t
	worker=$(worker_pid t)

	step "$1: the target's disk is full while it is written to"
	fill_up "$TMP/dst/data" 8192
	workload_start 6 2 -R 40
	write_much
	wait_for 90 no_room_said || { cat "$TMP/said"; fail 'the status does not say what is wrong'; }
	say "   the status: $(sed -n 's/^ *\(.*\(pace\|full\|server\|connect\).*\)$/\1/p' "$TMP/said" | head -n 1 | cut -c 1-140)"
	expect 'state' retrying "$(task_get t state)"
	workload_wait
	holds 3 running "$REPLD_PID" || fail 'the daemon ended'
	there_is_room
	begin=$(now_ms)
	synced t 150
	after=$(($(now_ms) - begin))
	workload_compare
	compare public.much

	step "$1: the same in a load"
	fill_up "$TMP/dst/data" 8192
	ctl restart t --reload --yes >/dev/null || :
	wait_for 60 no_room_again || fail 'the status does not say what is wrong'
	there_is_room
	synced t 150
	loaded t
	workload_compare >/dev/null
	compare public.much
	expect 'the same worker' "$worker" "$(worker_pid t)"
	expect_no_text 'suspended' "$TMP/repld.log"
	disks="no room on the target's disk, under writes and in a load: retrying, in sync $after ms after there was room, the same worker"
	say "$1 > $1: $disks; nothing lost, nothing doubled"
	repld_stop
	db_stop src
	db_halt dst
	umount "$TMP/dst/data"
	MOUNTED=''
	rm -rf "$TMP/src" "$TMP/dst"
	SERVERS=''
}

lost() { ctl status --json | json_flat | awk -F '\t' '$1 == "log_lost_lines" { print $2 }'; }

log_on() {			# FILE
	"$REPLD" -c "$CONF" >>"$TMP/repld.out" 2>>"$1" &
	REPLD_PID=$!
	wait_for $((10 * SLOW)) repld_answers_or_ended
	running "$REPLD_PID" || fail "the daemon ended at once with its log to $1"
}

log_full() {
	SRC_KIND=postgresql DST_KIND=postgresql
	needs
	db_start src
	db_start dst
	workload_make 2 50
	conf_task t

	step 'the log goes to a full device'
	log_on /dev/full
	loaded t
	workload_start 2 2 -R 50
	workload_wait
	synced t 60
	workload_compare
	expect 'state' running "$(task_get t state)"
	[ "$(lost)" -gt 3 ] || fail "the status tells of $(lost) lost lines"
	ctl status >"$TMP/said" || :
	expect_text 'lines of the log could not be written' "$TMP/said"
	repld_stop

	disk=''
	if may_mount; then
		step 'the log goes to a disk that is full for a while'
		mkdir "$TMP/logs"
		mount -t tmpfs -o size=128k none "$TMP/logs"
		MOUNTED="$MOUNTED $TMP/logs"
		log_on "$TMP/logs/log"
		synced t
		dd if=/dev/zero of="$TMP/logs/filler" bs=4k 2>/dev/null || :
		fallocate -l "$((4096 - $(wc -c <"$TMP/logs/log") % 4096))" "$TMP/pad" 2>/dev/null || :
		n=0
		while [ "$(lost)" = 0 ]; do
			[ $n -lt 400 ] || fail 'the disk never becomes full'
			n=$((n + 1))
			ctl log-level info >/dev/null
		done
		work_before=$(sql dst 'SELECT count(*) FROM ledger')
		workload_start 2 2 -R 50
		workload_wait
		synced t 60
		rm "$TMP/logs/filler"
		ctl log-level info >/dev/null
		expect_text 'lines? of this log before the last one could not be written' "$TMP/logs/log"
		[ "$(sql dst 'SELECT count(*) FROM ledger')" -gt "$work_before" ] || fail 'nothing was applied'
		workload_compare
		repld_stop
		disk=', and to a disk that was full for a while: the log goes on and says what is missing'
	fi
	say "postgresql > postgresql: the log goes to a full device$disk; the status says so; nothing lost, nothing doubled"
	umount "$TMP/logs" 2>/dev/null || :
	MOUNTED=''
}

for kind in $KINDS; do
	[ "$kind" != none ] || continue
	may_mount || { say "$kind > $kind: a full disk of the target is not tried: nothing may be mounted here"; continue; }
	disk_of "$kind"
done
log_full
