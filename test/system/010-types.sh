#!/bin/sh
# Each type, its NULL, its empty value and its extremes arrive as they are, loaded and streamed alike, over a stream in binary (types of
# the list alone) and over one in text (because of other types beside them).
# matrix: postgresql
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
negative=-2			# a scale below zero came with PostgreSQL 15
[ "$PGVERSION" -ge 15 ] || negative=0

pg_start src
pg_start dst
pg_start dst2
for server in src dst2; do
	psql_of $server -f "$TOP/test/system/types_own.sql" >"$TMP/out" 2>&1 || skip "no contrib extensions: $(tail -n 1 "$TMP/out")"
done
sed "s/numeric(10, -2)/numeric(10, $negative)/" "$TOP/test/system/types.sql" >"$TMP/types.sql"
sqlf src "$TMP/types.sql" >/dev/null
cp "$TOP/test/system/types_changes.sql" "$TMP/changes.sql"
if [ "$NULL_NUMBER" = 0 ]; then
	plain_numbers listed arrays beside key_full
	sed -i "s/('NaN', [0-9]), //; s/('infinity', 4), //" "$TMP/changes.sql"
fi
sql src 'SELECT fill_listed(1000), fill_arrays(1000), fill_beside(1000)' >/dev/null

# What a role or database has set must not show in the values.
sql src "ALTER DATABASE app SET datestyle = 'SQL, DMY'; ALTER DATABASE app SET extra_float_digits = 0; ALTER DATABASE app SET bytea_output = escape;
	ALTER DATABASE app SET intervalstyle = sql_standard; ALTER DATABASE app SET timezone = 'Asia/Tokyo'"
sql dst2 "ALTER DATABASE app SET datestyle = 'SQL, MDY'; ALTER DATABASE app SET intervalstyle = iso_8601; ALTER DATABASE app SET timezone = 'US/Pacific'"

conf_write <<'CONF'
	binary: { source = "src"; target = "dst"; tables = ( { include = "public.listed"; }, { include = "public.arrays"; } ); };
	text: { source = "src"; target = "dst2"; tables = ( { include = "public.*"; } ); };
CONF
repld_start
loaded binary
loaded text

step 'streamed: the same values once more'
sql src 'SELECT fill_listed(2000), fill_arrays(2000), fill_beside(2000)' >/dev/null
psql_of src -f "$TMP/changes.sql" >/dev/null
synced binary
synced text

compare_types() {
	DST=dst
	compare public.listed public.arrays
	DST=dst2
	compare public.listed public.arrays public.beside public.key_numeric public.key_float public.key_citext public.key_enum \
		public.key_bpchar public.key_many public.key_full
}
compare_types

step 'loaded and streamed values have the same bytes'
same_bytes() {			# SERVER TABLE: rows 1000.. and rows 2000.. of the target
	sb_cols=$(sql "$1" "SELECT string_agg('X.' || quote_ident(attname), ',') FROM pg_attribute WHERE attrelid = '$2'::regclass
		AND attnum > 0 AND attname NOT IN ('id', 'c_uuid')")
	expect "rows of $2 on $1 whose loaded and streamed form differ" '' "$(sql "$1" "SELECT a.id FROM $2 a FULL JOIN $2 b ON b.id = a.id + 1000
		WHERE coalesce(a.id, 0) < 2000 AND coalesce(b.id, 2000) >= 2000
		AND (ROW($(echo "$sb_cols" | sed 's/X\./a./g')) *= ROW($(echo "$sb_cols" | sed 's/X\./b./g'))) IS NOT TRUE")"
}
same_bytes dst listed
same_bytes dst arrays
same_bytes dst2 listed
same_bytes dst2 arrays
same_bytes dst2 beside

step 'a stream in binary and one in text leave the same bytes, those of the source'
for table in listed arrays; do
	for server in src dst dst2; do
		psql_of $server -c "COPY (SELECT * FROM $table ORDER BY id) TO STDOUT (FORMAT binary)" | sha256sum >"$TMP/bin.$server"
	done
	cmp "$TMP/bin.src" "$TMP/bin.dst" || fail "$table: the bytes on dst are not those of the source"
	cmp "$TMP/bin.src" "$TMP/bin.dst2" || fail "$table: the bytes on dst2 are not those of the source"
done

step 'updates of each value, values that become NULL'
for table in listed arrays beside; do
	set_null=$(sql src "SELECT string_agg(quote_ident(attname) || ' = NULL', ',') FROM pg_attribute
		WHERE attrelid = '$table'::regclass AND attnum > 0 AND attname <> 'id'")
	set_other=$(sql src "SELECT string_agg(quote_ident(attname) || ' = o.' || quote_ident(attname), ',') FROM pg_attribute
		WHERE attrelid = '$table'::regclass AND attnum > 0 AND attname <> 'id'")
	sql src "UPDATE $table t SET $set_other FROM $table o WHERE o.id = t.id + 1 AND t.id >= 2000"
	sql src "UPDATE $table SET $set_null WHERE id IN (1001, 1002)"
	sql src "DELETE FROM $table WHERE id = 1003"
done
synced binary
synced text
compare_types
repld_stop
