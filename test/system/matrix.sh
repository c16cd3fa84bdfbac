# matrix.sh - the matrix of types of one kind of source: values at the edges of each type are loaded, inserted, updated, keys, found by content,
# to all three kinds of targets at once. Loaded and streamed values are equal, byte by byte; the target's are equal to the source's, but for
# what matrix/SOURCE-TARGET.txt lists: types that become others, values in another form, as repld-types(7) has them. Those files are to be
# read; MATRIX_WRITE=1 writes them anew.
# Sourced by a test that has set SRC_KIND (and TARGETS) and sourced lib.sh.

MATRIX=$TOP/test/system/matrix
TARGETS=${TARGETS:-postgresql mysql mariadb}
case $SRC_KIND in postgresql) SRC_SCHEMA=public TYPES=$MATRIX/postgresql.txt ;; *) SRC_SCHEMA=$DB TYPES=$MATRIX/mysql.txt ;; esac

matrix() {			# KIND WHAT [FILE...]
	ma_kind=$1 ma_what=$2
	shift 2
	LC_ALL=C awk -v source="$SRC_KIND" -v kind="$ma_kind" -v what="$ma_what" -v old="$OLD" -v clamped="${CLAMPED:-}" -v golden="$TMP/golden" -v figures="$TMP/figures" \
		-f "$MATRIX/matrix.awk" "$TYPES" "$@"
}

target_of() {			# KIND: the server's name
	case $1 in postgresql) echo pgdst ;; mysql) echo mydst ;; mariadb) echo madst ;; esac
}

# Whether values may have no form there.
is_foreign() { [ "$1" != "$SRC_KIND" ] && { [ "$1" = postgresql ] || [ "$SRC_KIND" = postgresql ]; }; }

catalog_of() {			# SERVER
	case $(kind_of "$1") in
	postgresql) psql_of "$1" -At -F "$(printf '\t')" -c "SELECT relname, attname, typname, format_type(atttypid, atttypmod), 0
		FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_type t ON t.oid = atttypid
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum" ;;
	*) mariadb_of "$1" -N -B -e "SELECT table_name, column_name, data_type, CONCAT(column_type, IFNULL(CONCAT(' ', collation_name), '')),
			IFNULL(numeric_precision, 0)
		FROM information_schema.columns WHERE table_schema = '$DB' ORDER BY table_name, ordinal_position" ;;
	esac
}

read_values() {			# SERVER FILE
	catalog_of "$1" >"$2.columns"
	matrix "$(kind_of "$1")" read "$2.columns" >"$2.sql"
	case $(kind_of "$1") in
	postgresql) psql_of "$1" -At -c "SET search_path = ''" -f "$2.sql" >"$2.values" ;;
	*) mariadb_of "$1" -N -B <"$2.sql" >"$2.values" ;;
	esac || fail "can't read the values on $1"
}

# shellcheck disable=SC2086
needs "$SRC_KIND" $TARGETS
# Other versions have other collations.
LISTED='as the table of types has it, 0 unexplained'
[ "$MYSQL_SERVER $MARIADB_SERVER $PG_SERVER" = 'mysql-9.7 host host' ] || LISTED=
case $MYVERSION in 5.6.*) OLD=1 ;; *) OLD= ;; esac
db_start src "$@"
for kind in $TARGETS; do
	db_start "$(target_of "$kind")"
done

step 'tables of all types'
if [ "$SRC_KIND" = postgresql ]; then
	for server in src pgdst; do
		psql_of $server -f "$TOP/test/system/types_own.sql" >"$TMP/out" 2>&1 || skip "no contrib extensions: $(tail -n 1 "$TMP/out")"
	done
fi
matrix "$SRC_KIND" schema >"$TMP/schema.sql"
matrix "$SRC_KIND" change >"$TMP/change.sql"
sqlf src "$TMP/schema.sql" >/dev/null || fail 'the tables can not be made'

tasks() {
	for ta_kind in $TARGETS; do
		ta_to="source = \"src\"; target = \"$(target_of "$ta_kind")\";"
		echo "	$ta_kind: { $ta_to tables = ( { include = \"$SRC_SCHEMA.*\"; }, { exclude = \"$SRC_SCHEMA.x*\"; } );" \
			"values: { unrepresentable = \"null\"; }; };"
		! is_foreign "$ta_kind" || echo "	${ta_kind}_clamp: { $ta_to tables = ( { include = \"$SRC_SCHEMA.x*\"; } );" \
			"values: { unrepresentable = \"clamp\"; }; };"
	done
}
each_task() {			# COMMAND...
	for ea_kind in $TARGETS; do
		"$@" "$ea_kind" 60
		! is_foreign "$ea_kind" || "$@" "${ea_kind}_clamp" 60
	done
}
tasks | conf_write
repld_start

step 'load'
each_task loaded
step 'stream'
sqlf src "$TMP/change.sql" >/dev/null || fail 'the changes can not be made'
each_task synced
repld_stop
! grep ' error task=' "$TMP/repld.log" >&2 || fail 'tables or tasks stopped'

read_values src "$TMP/src"
wrong='' total=0 others=0
for kind in $TARGETS; do
	step "$SRC_KIND to $kind"
	server=$(target_of "$kind") expected=$MATRIX/$SRC_KIND-$kind.txt
	read_values "$server" "$TMP/$server"
	CLAMPED=
	! is_foreign "$kind" || CLAMPED=1
	matrix "$kind" judge "$TMP/src.columns" "$TMP/src.values" "$TMP/$server.columns" "$TMP/$server.values" >"$TMP/verdict" || {
		cat "$TMP/verdict" >&2
		wrong="$wrong $kind"
	}
	read -r types values cells other unlike <"$TMP/figures"
	say "   $cells cells: $other in another form than on the source, $unlike wrong"
	total=$((total + cells)) others=$((others + other))
	if [ -n "${MATRIX_WRITE:-}" ]; then
		cp "$TMP/golden" "$expected"
	elif [ -n "$LISTED" ] && ! diff -u "$expected" "$TMP/golden" >"$TMP/diff"; then
		say "not as $SRC_KIND-$kind.txt says:"
		cat "$TMP/diff" >&2
		wrong="$wrong $kind"
	fi
done
[ -z "$wrong" ] || fail "differences that nothing explains:$wrong"
say "$SRC_KIND: $types types, $values values, $total cells; $others in another form, ${LISTED:-which is not held against lists of other versions}"
