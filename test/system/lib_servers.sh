# lib_servers.sh - MySQL and MariaDB beside PostgreSQL, and what is said alike of all three. Part of lib.sh.
#
# A server's name says its kind and role: mysrc, mydst, mydst2 MySQL; masrc, madst MariaDB; pgsrc, pgdst PostgreSQL; src... and all other
# names are of kind $SRC_KIND and $DST_KIND (mysql, mariadb, postgresql; PostgreSQL where unset), so that one test serves all pairs:
#
#   SRC_KIND=mariadb DST_KIND=mysql sh test/system/NNN.sh      needs mariadb mysql       (skips where they are not there)
#   db_start src; db_start dst local_infile=0; sql src '...'; db_crash dst; compare public.a 'b = c'
#
# The database is "app"; public.x in a comparison is app.x on MySQL and MariaDB. A source logs rows with full metadata and has GTIDs;
# options given to *_start come last in its file and so win. Servers listen on a socket, with tcp=yes (MySQL, MariaDB) also on
# 127.0.0.1 ($TMP/NAME/port). Accounts, without passwords: root; repld_source and repld_target with no more than repld needs;
# repld_least, a source's account that may not lock; repld_source_tls and repld_target_tls, which the server lets in through TLS only.
# Environment: MYSQL_SERVER, MARIADB_SERVER, PG_SERVER: which (mysql-9.7, mysql-5.6, host for the release's own, see test/servers).

SRC_KIND=${SRC_KIND:-postgresql}
DST_KIND=${DST_KIND:-postgresql}
SRC=src				# the source that the comparisons look at
MYSQL_SERVER=${MYSQL_SERVER:-mysql-9.7}
MARIADB_SERVER=${MARIADB_SERVER:-host}
PG_SERVER=${PG_SERVER:-host}
MYBIN='' MYVERSION=''		# set with the first use of the kind: the server's program and version
MABIN='' MAVERSION=''
case ${TMPDIR:-/tmp} in *[!A-Za-z0-9/._-]*) say "TMPDIR has characters that option files do not take" >&2; exit 1 ;; esac

kind_of() {			# NAME
	case $1 in
	my*) echo mysql ;;
	ma*) echo mariadb ;;
	pg*) echo postgresql ;;
	src*) echo "$SRC_KIND" ;;
	*) echo "$DST_KIND" ;;
	esac
}

# ---- which programs -------------------------------------------------------------------------------------------------

# A server that test/servers brings; a skip where it can't be had.
fetched() {			# NAME: its folder and version in $FETCHED and $VERSION
	fe_failed=$(sed -n "s/^$1 //p" "${NO_SERVERS:-/dev/null}")	# the run that this test is part of has tried already
	[ -z "$fe_failed" ] || skip "no server: $fe_failed"
	fe_line=$(sh "$TOP/test/servers/servers.sh" get "$1" 2>"$TMP/fetch.log") || skip "no server: $(tail -n 1 "$TMP/fetch.log")"
	FETCHED=${fe_line##* }
	VERSION=$(echo "$fe_line" | cut -d ' ' -f 2)
}

find_mysql() {
	[ -z "$MYBIN" ] || return 0
	command -v mariadb >/dev/null || skip 'no client mariadb here (make deps installs it)'
	fetched "$MYSQL_SERVER"
	MYBIN=$FETCHED/bin/mysqld MYVERSION=$VERSION MYSHARE=$FETCHED/share
	say "MySQL $MYVERSION"
}

find_mariadb() {
	[ -z "$MABIN" ] || return 0
	command -v mariadb >/dev/null || skip 'no client mariadb here (make deps installs it)'
	if [ "$MARIADB_SERVER" = host ]; then
		MABIN=$(PATH=$PATH:/usr/sbin command -v mariadbd) || skip 'no server mariadbd here (make deps installs it)'
		MAVERSION=$("$MABIN" --no-defaults --version | sed -n 's/.*Ver \([0-9.]*\).*/\1/p')
		MASHARE=/usr/share/mysql
		[ -e $MASHARE/mysql_system_tables.sql ] || MASHARE=/usr/share/mariadb
	else
		fetched "$MARIADB_SERVER"
		MABIN=$FETCHED/bin/mariadbd MAVERSION=$VERSION MASHARE=$FETCHED/share
	fi
	say "MariaDB $MAVERSION"
}

# The kinds that the test is about: what can't be had is a skip before anything is begun.
needs() {			# [KIND...]; without: those of src and dst
	[ $# -gt 0 ] || set -- "$SRC_KIND" "$DST_KIND"
	[ -x "$REPLD" ] || fail "no $REPLD: build first"
	for ne_kind in "$@"; do
		case $ne_kind in
		postgresql) skip_if_no_server ;;
		mysql) find_mysql ;;
		mariadb) find_mariadb ;;
		*) fail "no kind of server: $ne_kind" ;;
		esac
	done
}

# ---- a fresh data directory, made once per build folder -----------------------------------------------------------------

# The database, and accounts with what repld needs on each side. A right that a version does not know is left out.
my_accounts() {			# KIND VERSION
	cat <<-'SQL'
		CREATE DATABASE app CHARACTER SET utf8mb4;
		CREATE USER repld_source@'%';
		CREATE USER repld_target@'%';
		CREATE USER repld_least@'%';
		CREATE USER repld_source_tls@'%';
		CREATE USER repld_target_tls@'%';
	SQL
	for ac_user in repld_source repld_source_tls; do
		echo "GRANT SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO $ac_user@'%';"
		case $1-$2 in
		mysql-5.*) ;;
		mysql-*) echo "GRANT XA_RECOVER_ADMIN ON *.* TO $ac_user@'%';" ;;
		mariadb-*) echo "GRANT SLAVE MONITOR ON *.* TO $ac_user@'%';" ;;
		esac
	done
	echo "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO repld_least@'%';"
	for ac_user in repld_target repld_target_tls; do
		for ac_db in app 'app\_%' repld; do
			echo "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE TEMPORARY TABLES, LOCK TABLES" \
				"ON \`$ac_db\`.* TO $ac_user@'%';"
		done
	done
	case $1-$2 in
	mysql-5.6*)
		echo "GRANT USAGE ON *.* TO repld_source_tls@'%' REQUIRE SSL;"
		echo "GRANT USAGE ON *.* TO repld_target_tls@'%' REQUIRE SSL;"
		;;
	*) echo "ALTER USER repld_source_tls@'%' REQUIRE SSL;"; echo "ALTER USER repld_target_tls@'%' REQUIRE SSL;" ;;
	esac
}

mysql_make() {			# FOLDER
	case $MYVERSION in
	5.6.*) bootstrap "$1" "$MYBIN" "$MYSHARE" mysql "$MYVERSION" ;;
	*)
		my_accounts mysql "$MYVERSION" >"$TMP/init.sql"
		"$MYBIN" --no-defaults --user="$(id -un)" --datadir="$1" --initialize-insecure --init-file="$TMP/init.sql" \
			--innodb-redo-log-capacity=32M --innodb-use-native-aio=0 >"$TMP/init.log" 2>&1
		;;
	esac || return
	rm -f "$1/auto.cnf"	# each copy gets an identity of its own
}

mariadb_make() { bootstrap "$1" "$MABIN" "$MASHARE" mariadb "$MAVERSION"; }	# FOLDER

# The way of MariaDB and of MySQL before 5.7: the system tables made by SQL.
bootstrap() {			# FOLDER PROGRAM SHARE KIND VERSION
	mkdir -p "$1"
	bo_names=$(ls "$3" | sed -n 's/^\(mysql\|mariadb\)_system_tables\.sql$/\1/p')
	{
		echo 'create database mysql;'
		echo 'use mysql;'
		for bo_file in "${bo_names}_system_tables" "${bo_names}_performance_tables" "${bo_names}_system_tables_data" \
			maria_add_gis_sp_bootstrap "${bo_names}_sys_schema"; do
			[ ! -e "$3/$bo_file.sql" ] || cat "$3/$bo_file.sql"
		done
		[ "$4" != mysql ] || echo "DELETE FROM user WHERE user = '';"
		echo 'FLUSH PRIVILEGES;'
		my_accounts "$4" "$5"
	} >"$TMP/init.sql"
	"$2" --no-defaults --user="$(id -un)" --datadir="$1" --tmpdir="$TMP" --bootstrap --innodb-log-file-size=32M --innodb-use-native-aio=0 \
		--max-allowed-packet=16M <"$TMP/init.sql" >"$TMP/init.log" 2>&1
}

my_template() {			# KIND: its folder in $template
	case $1 in
	mysql) find_mysql; template=$O/test/mytemplate-$MYVERSION ;;
	mariadb) find_mariadb; template=$O/test/matemplate-$MAVERSION ;;
	esac
	[ ! -d "$template" ] || return 0
	say "making $template"
	mkdir -p "$O/test" "$TMP/t"
	"${1}_make" "$TMP/t/data" || { tail -n 20 "$TMP/init.log" >&2; fail "can't make a data directory of $1"; }
	cp -a "$TMP/t/data" "$template.$$"
	mv -T "$template.$$" "$template" 2>/dev/null || rm -rf "$template.$$"
	rm -rf "$TMP/t"
}

# ---- start, stop, crash -------------------------------------------------------------------------------------------------

# What each server gets. A server that starts deletes what other servers' temporary tables have in a tmpdir that they share, and MariaDB
# dies of it: each has its own. A source's log is written at once but not synced: a killed server loses nothing, and a test wants speed;
# a target is durable: repld insists.
my_options() {			# NAME KIND NUMBER
	cat <<-CNF
		[mysqld]
		user = $(id -un)
		datadir = $TMP/$1/data
		socket = $TMP/$1/sock
		pid-file = $TMP/$1/pid
		tmpdir = $TMP/$1/tmp
		skip-networking = 1
		skip-name-resolve
		default-time-zone = '+00:00'
		character-set-server = utf8mb4
		max-allowed-packet = 1G
		max-connections = 200
		local-infile = 1
		innodb-buffer-pool-size = 128M
		innodb-use-native-aio = 0
		performance-schema = OFF
		server-id = $((1000 + $3))
	CNF
	case $2-$MYVERSION in
	mysql-5.6*) printf '%s\n' 'lower-case-table-names = 0' 'explicit-defaults-for-timestamp = 1' ;;
	mysql-*) printf '%s\n' 'mysqlx = OFF' 'innodb-redo-log-capacity = 96M' 'secure-file-priv = NULL' ;;
	*) printf '%s\n' 'innodb-log-file-size = 96M' ;;
	esac
	if is_source "$1"; then
		printf '%s\n' 'log-bin = binlog' 'binlog-format = ROW' 'sync-binlog = 0' 'innodb-flush-log-at-trx-commit = 2'
		case $2-$MYVERSION in
		mysql-5.6*) printf '%s\n' 'gtid-mode = ON' 'enforce-gtid-consistency = 1' 'log-slave-updates = 1' ;;
		mysql-*) printf '%s\n' 'binlog-row-metadata = FULL' 'gtid-mode = ON' 'enforce-gtid-consistency = ON' ;;
		*) printf '%s\n' 'binlog-row-metadata = FULL' 'gtid-strict-mode = 1' ;;
		esac
	else
		printf '%s\n' 'skip-log-bin' 'innodb-flush-log-at-trx-commit = 1'
	fi
}

# Starts a server, made where it is not there yet. An option is name=value or a name alone; tcp=yes opens a port.
my_start() {			# NAME [option[=value]...]
	server=$1
	shift
	kind=$(kind_of "$server")
	my_template "$kind"
	if [ ! -d "$TMP/$server/data" ]; then
		mkdir -p "$TMP/$server/tmp"
		cp -a --reflink=auto --sparse=auto "$template" "$TMP/$server/data"
		SERVERS="$SERVERS $server"
		my_options "$server" "$kind" "$(echo "$SERVERS" | wc -w)" >"$TMP/$server/my.cnf"
	fi
	for setting in "$@"; do
		case $setting in
		tcp=yes) : >"$TMP/$server/port" ;;
		*=*) echo "${setting%%=*} = ${setting#*=}" >>"$TMP/$server/my.cnf" ;;
		*) echo "$setting" >>"$TMP/$server/my.cnf" ;;
		esac
	done
	for try in 1 2 3 4 5; do
		my_launch "$server" "$kind" && return
		[ -e "$TMP/$server/port" ] && grep -qi 'bind on TCP/IP port\|address already in use' "$TMP/$server/log" || break
	done
	tail -n 20 "$TMP/$server/log" >&2
	fail "server $server does not start"
}

my_launch() {			# NAME KIND: one try, with another port each time
	set -- "$1" "$2" "$MYBIN"
	[ "$2" = mysql ] || set -- "$1" "$2" "$MABIN"
	ml_server=$1 ml_program=$3
	rm -f "$TMP/$1/sock" "$TMP/$1/sock.lock" "$TMP/$1/pid"
	set --
	if [ -e "$TMP/$ml_server/port" ]; then
		[ -s "$TMP/$ml_server/port" ] && [ "$try" = 1 ] || echo $((20000 + $(random 12000))) >"$TMP/$ml_server/port"
		set -- --skip-networking=0 --bind-address=127.0.0.1 --port="$(cat "$TMP/$ml_server/port")"
	fi
	"$ml_program" --defaults-file="$TMP/$ml_server/my.cnf" "$@" >>"$TMP/$ml_server/log" 2>&1 </dev/null &
	ml_pid=$!
	echo $ml_pid >"$TMP/$ml_server/process"
	ml_end=$(($(date +%s) + 60))
	until my_answers "$ml_server"; do
		if ! running $ml_pid || [ "$(date +%s)" -ge $ml_end ]; then
			kill -9 $ml_pid 2>/dev/null || :
			wait $ml_pid 2>/dev/null || :
			return 1
		fi
		sleep 0.05
	done
}

my_answers() { [ -S "$TMP/$1/sock" ] && mariadb_of "$1" -e 'DO 1' >/dev/null 2>&1; }

my_end() {			# NAME SIGNAL SECONDS: the process is gone, and nobody waits for it any more
	[ -s "$TMP/$1/process" ] || return 0
	me_pid=$(cat "$TMP/$1/process")
	kill "-$2" "$me_pid" 2>/dev/null || :
	wait_for "$3" gone "$me_pid" || return
	wait "$me_pid" 2>/dev/null || :
	rm -f "$TMP/$1/process"
}

my_stop() { my_end "$1" TERM 60 || fail "$1 does not stop"; }
my_crash() { my_end "$1" KILL 20 || fail "the process of $1 stays"; }
my_halt() { my_end "$1" KILL 20 || :; }

# The same words for all kinds.
db_start() {			# NAME [option...]
	case $(kind_of "$1") in postgresql) pg_start "$@" ;; *) my_start "$@" ;; esac
}
db_stop() {			# NAME
	case $(kind_of "$1") in postgresql) pg_stop "$1" ;; *) my_stop "$1" ;; esac
}
db_crash() {			# NAME: kill -9; the next db_start recovers
	case $(kind_of "$1") in postgresql) pg_kill "$1" ;; *) my_crash "$1" ;; esac
}
db_halt() {			# NAME: at the end of the test
	case $(kind_of "$1") in postgresql) pg_halt "$1" ;; *) my_halt "$1" ;; esac
}

# ---- SQL ------------------------------------------------------------------------------------------------------------

mariadb_of() {			# NAME ARGUMENT...; as $MYUSER where set
	mo_server=$1
	shift
	mariadb --no-defaults --default-character-set=utf8mb4 --max-allowed-packet=1G --quick -u "${MYUSER:-root}" -S "$TMP/$mo_server/sock" "$@" $DB
}

# Rows as psql gives them: columns by |. NULL is the word NULL. Each statement is a transaction of its own unless it says otherwise.
my_sql() {			# NAME SQL
	ms_out=$(mktemp "$TMP/sql.XXXXXX")
	ms_rc=0
	mariadb_of "$1" -N -B --raw -e "$2" >"$ms_out" </dev/null || ms_rc=$?
	tr '\t' '|' <"$ms_out"
	rm -f "$ms_out"
	return $ms_rc
}

my_sqlf() { mariadb_of "$1" -N -B --raw <"$2"; }	# NAME FILE; DELIMITER is understood

sql() {				# NAME SQL
	case $(kind_of "$1") in postgresql) psql_of "$1" -At -c "$2" ;; *) my_sql "$1" "$2" ;; esac
}
sqlf() {			# NAME FILE
	case $(kind_of "$1") in postgresql) psql_of "$1" -At -f "$2" ;; *) my_sqlf "$1" "$2" ;; esac
}

# ---- TLS ------------------------------------------------------------------------------------------------------------

# An authority of the test's own and a server's certificate for localhost and 127.0.0.1: $TMP/tls/{ca,cert,key}.pem.
# my_start NAME tcp=yes $(tls_options)
tls_make() {
	[ ! -d "$TMP/tls" ] || return 0
	mkdir "$TMP/tls"
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$TMP/tls/ext"
	{
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=the test' -keyout "$TMP/tls/ca.key" -out "$TMP/tls/ca.pem" &&
			openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout "$TMP/tls/key.pem" -out "$TMP/tls/req" &&
			openssl x509 -req -in "$TMP/tls/req" -CA "$TMP/tls/ca.pem" -CAkey "$TMP/tls/ca.key" -CAcreateserial -days 2 \
				-extfile "$TMP/tls/ext" -out "$TMP/tls/cert.pem"
	} >"$TMP/tls/log" 2>&1 || { cat "$TMP/tls/log" >&2; fail "can't make certificates"; }
}

tls_options() {
	tls_make
	echo "ssl-ca=$TMP/tls/ca.pem ssl-cert=$TMP/tls/cert.pem ssl-key=$TMP/tls/key.pem"
}

# ---- comparison by content, between any two kinds -------------------------------------------------------------------------

# The name of a table on a server: the default schema of one kind is that of the other.
table_on() {			# NAME TABLE
	case $(kind_of "$1")/$2 in
	postgresql/$DB.*) echo "public.${2#*.}" ;;
	postgresql/*) echo "$2" ;;
	*/public.*) echo "$DB.${2#*.}" ;;
	*/*.*) echo "$2" ;;
	*) echo "$DB.$2" ;;
	esac
}

# One line for each column, ordered by its name: class, name, the expression that gives its text. Classes: t as it is, f a floating point
# number, j JSON; f and j are given one form by canon where two kinds meet.
columns_of() {			# NAME TABLE
	case $(kind_of "$1") in
	postgresql) psql_of "$1" -At -F "$(printf '\t')" -c "$(pg_columns "$2")" ;;
	*) my_columns "${2%%.*}" "${2#*.}" | mariadb_of "$1" -N -B --raw ;;
	esac
}

# Base types of domains count. Padding of char(n) does not, nor do the spellings of boolean.
pg_columns() {			# TABLE
	cat <<-SQL
	SELECT CASE WHEN t IN ('float4', 'float8') THEN 'f' WHEN t IN ('json', 'jsonb') THEN 'j' ELSE 't' END, attname,
		CASE WHEN t = 'float4' THEN format('%I::float8', attname) WHEN t = 'bool' THEN format('%I::int', attname)
		WHEN t = 'bytea' THEN format('encode(%I, ''hex'')', attname) WHEN t = 'bpchar' THEN format('%I::text', attname)
		WHEN t = 'timestamptz' THEN format('%I AT TIME ZONE ''UTC''', attname) ELSE quote_ident(attname) END
	FROM (SELECT attname, (SELECT coalesce(base.typname, own.typname) FROM pg_type own LEFT JOIN pg_type base ON base.oid = own.typbasetype
			AND own.typtype = 'd' WHERE own.oid = atttypid) t
		FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum > 0 AND NOT attisdropped) a ORDER BY attname COLLATE "C"
	SQL
}

# As COPY writes it: backslash and control characters escaped, a fraction of seconds without zeros at its end. In the server's mode
# without escapes, where a backslash stands for itself.
my_columns() {			# DATABASE TABLE
	echo "SET sql_mode = 'NO_BACKSLASH_ESCAPES', @db = '$1', @tab = '$2';"
	cat <<-'SQL'
	SELECT CASE WHEN data_type IN ('float', 'double') THEN 'f' WHEN data_type = 'json' THEN 'j' ELSE 't' END, column_name, CASE
		WHEN data_type IN ('float', 'double') THEN CONCAT(q, ' * 1e0')
		WHEN data_type = 'year' OR column_type LIKE '%zerofill%' THEN CONCAT(q, ' + 0')
		WHEN data_type = 'bit' THEN CONCAT('LPAD(BIN(', q, ' + 0), ', numeric_precision, ', ''0'')')
		WHEN data_type IN ('binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'vector', 'geometry', 'point', 'linestring',
			'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geomcollection', 'geometrycollection')
			THEN CONCAT('LOWER(HEX(', q, '))')
		WHEN data_type IN ('datetime', 'timestamp', 'time') THEN CONCAT('IF(LOCATE(''.'', ', q,
			'), TRIM(TRAILING ''.'' FROM TRIM(TRAILING ''0'' FROM CAST(', q, ' AS CHAR))), CAST(', q, ' AS CHAR))')
		WHEN data_type IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set', 'json')
			THEN CONCAT('REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(CONVERT(', q, ' USING utf8mb4), ''\'', ''\\''),',
				' CHAR(10), ''\n''), CHAR(9), ''\t''), CHAR(13), ''\r''), CHAR(8), ''\b''), CHAR(12), ''\f''), CHAR(11), ''\v'')')
		ELSE CONCAT('CAST(', q, ' AS CHAR)') END
	FROM (SELECT c.*, CONCAT('`', REPLACE(column_name, '`', '``'), '`') q FROM information_schema.columns c
		WHERE table_schema = @db AND table_name = @tab) x ORDER BY CAST(column_name AS BINARY);
	SQL
}

# The whole content of a table, one line a row, sorted, columns in the order of their names; in the forms above.
dump_canonical() {		# NAME TABLE CLASSES FILE
	helper canon
	columns_of "$1" "$2" >"$4.columns" || fail "can't read the columns of $2 on $1"
	[ -s "$4.columns" ] || fail "there is no table $2 on $1"
	case $(kind_of "$1") in
	postgresql)
		dc_list=$(cut -f 3 "$4.columns" | paste -s -d ,)
		sql "$1" "COPY (SELECT $dc_list FROM $2) TO STDOUT" >"$4.rows" || fail "can't read $2 on $1"
		;;
	*)
		dc_list=$(cut -f 3 "$4.columns" | sed "s/.*/IFNULL(&, '\\\\N')/" | paste -s -d ,)
		printf '%s\n' "SET sql_mode = 'NO_BACKSLASH_ESCAPES';" \
			"SELECT CONCAT_WS(CHAR(9), $dc_list) FROM \`${2%%.*}\`.\`${2#*.}\`;" >"$4.query"
		mariadb_of "$1" -N -B --raw <"$4.query" >"$4.rows" || fail "can't read $2 on $1"
		;;
	esac
	"$HELPER" "$3" <"$4.rows" >"$4.canon" || fail "can't read what $1 says of $2"
	LC_ALL=C sort -S 256M -T "$TMP" "$4.canon" >"$4"
	rm -f "$4.rows" "$4.query" "$4.canon" "$4.columns"
}

# The classes of both sides together: JSON or a floating point number on one is taken for one on the other.
classes_of() {			# SOURCE-TABLE TARGET-TABLE; of $SRC and $DST
	columns_of $SRC "$1" >"$TMP/cmp.src.columns" && columns_of $DST "$2" >"$TMP/cmp.dst.columns" || fail "can't read the columns of $1 or $2"
	cut -f 2 "$TMP/cmp.src.columns" >"$TMP/cmp.names"
	cut -f 2 "$TMP/cmp.dst.columns" | diff "$TMP/cmp.names" - >"$TMP/cmp.diff" ||
		{ cat "$TMP/cmp.diff" >&2; fail "the columns of $1 on $SRC (<) and of $2 on $DST (>) have other names"; }
	cut -f 1 "$TMP/cmp.src.columns" | paste -d '' - "$TMP/cmp.dst.columns" | sed 's/^\(..\).*/\1/' |
		sed 's/.*j.*/j/; s/.*f.*/f/; s/tt/t/' | tr -d '\n'
	rm -f "$TMP/cmp.src.columns" "$TMP/cmp.dst.columns" "$TMP/cmp.names" "$TMP/cmp.diff"
}

# Dumps both sides of one pair of tables to $TMP/cmp.src and $TMP/cmp.dst.
dump_both() {			# SOURCE-TABLE TARGET-TABLE
	db_source=$(table_on $SRC "$1") db_target=$(table_on $DST "$2")
	if [ "$(kind_of $SRC)-$(kind_of $DST)" = postgresql-postgresql ]; then
		dump_table $SRC "$db_source" "$TMP/cmp.src"
		dump_table $DST "$db_target" "$TMP/cmp.dst"
		return
	fi
	db_classes=$(classes_of "$db_source" "$db_target") || exit 1
	[ "$(kind_of $SRC)" != "$(kind_of $DST)" ] || db_classes=$(echo "$db_classes" | tr jf tt)
	dump_canonical $SRC "$db_source" "$db_classes" "$TMP/cmp.src"
	dump_canonical $DST "$db_target" "$db_classes" "$TMP/cmp.dst"
}
