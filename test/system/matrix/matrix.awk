# matrix.awk - a list of types with values (postgresql.txt, mysql.txt) becomes SQL, and what servers answer becomes a verdict.
#   awk -v source=KIND -v kind=KIND -v what=WHAT -f matrix.awk TYPES [FILE...]
# source: the kind whose types they are, kind: the kind of server that the SQL is for; old: MySQL 5.6.
#
# WHAT   schema   tables of the source, and what is loaded
#        change   what is streamed
#        read     FILE: columns as catalog_of() lists them; SQL that reads each value: type, use, id, w, 1 where it is NULL, text, bytes
#        judge    FILE FILE FILE FILE: columns and values of the source, then of the target
# Tables, 16 types to each (c1, c2, ...; a row for each of their values; w counts changes):
#   l loaded          s inserted by the stream         u updated to the values: from others, from NULL; then w alone, the values left
#   f no key, rows found by content          xl, xs as l and s, for the values that have none but a nearest on the target
# and k1, k2, ... with the type for a key: loaded, updated, deleted, inserted, each key changed to the one before.
BEGIN { FS = "\t"; PER_TABLE = 16; mysql = kind != "postgresql" }

# ---- the list of types ---------------------------------------------------------------------------------------------------
FILENAME == ARGV[1] && /^(#|$)/ { next }
FILENAME == ARGV[1] && /^[^\t]/ {
	skipped = ($2 ~ /mysql/ && (source == "mariadb" || old)) || ($2 ~ /mariadb/ && source == "mysql")
	if (skipped)
		next
	type[++types] = $1
	in_key[types] = $2 ~ /key/ && !($2 ~ /longkey/ && old)
	next
}
FILENAME == ARGV[1] {
	if (skipped)
		next
	text = substr($0, 2)
	n = ++values[types]
	all_values++
	if (n > most[table_of(types)])
		most[table_of(types)] = n
	while (text ~ /^[!~?]/) {
		mark[types, n] = mark[types, n] substr(text, 1, 1)
		text = substr(text, 2)
	}
	value[types, n] = text
	next
}
function table_of(t) { return int((t - 1) / PER_TABLE) + 1 }
function tables() { return table_of(types) }
function first_of(g) { return (g - 1) * PER_TABLE + 1 }
function last_of(g) { return g * PER_TABLE < types ? g * PER_TABLE : types }
function fits(t, n) { return mark[t, n] !~ /[!~]/ }

# ---- the source ----------------------------------------------------------------------------------------------------------
function make(name, g, rest,	t, s) {
	s = "CREATE TABLE " name " (id int NOT NULL" rest ", w int NOT NULL DEFAULT 0"
	for (t = first_of(g); t <= last_of(g); t++)
		s = s ",\n\tc" t " " type[t]
	print s ");"
}
function list(g, prefix,	t, s) {
	for (t = first_of(g); t <= last_of(g); t++)
		s = s (s != "" ? ", " : "") prefix "c" t
	return s
}
function sets(g,	t, s) {
	for (t = first_of(g); t <= last_of(g); t++)
		s = s (s != "" ? ", " : "") (mysql ? "u" g "." : "") "c" t " = l" g ".c" t
	return s
}
function nulls(g,	t, s) {
	for (t = first_of(g); t <= last_of(g); t++)
		s = s (s != "" ? ", " : "") "c" t " = NULL"
	return s
}
function put(table, t, n) {
	if (mark[t, n] ~ /\?/)
		print "SET sql_mode = '';"
	print "UPDATE " table " SET c" t " = " value[t, n] " WHERE id = " n ";"
	if (mark[t, n] ~ /\?/)
		print "SET sql_mode = @mode;"
}
function ids(t,	n, s) {
	s = "0"
	for (n = 1; n <= values[t]; n++)
		if (fits(t, n))
			s = s ", " n
	return s
}
# Values of a key, as far as no equal one is there.
function fill_key(t, w, where) {
	return "INSERT " (mysql ? "IGNORE " : "") "INTO k" t " SELECT c" t ", id, " w " FROM l" table_of(t) " WHERE id IN (" ids(t) ") " where \
		" ORDER BY id" (mysql ? "" : " ON CONFLICT DO NOTHING") ";"
}
function key_type(t,	s) { s = type[t]; sub(/ null$/, "", s); return s }

function schema(	g, t, n) {
	if (mysql)
		print "SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', @mode = @@sql_mode;"
	for (g = 1; g <= tables(); g++) {
		make("l" g, g, " PRIMARY KEY")
		make("s" g, g, " PRIMARY KEY")
		make("u" g, g, " PRIMARY KEY")
		make("f" g, g, "")
		make("xl" g, g, " PRIMARY KEY")
		make("xs" g, g, " PRIMARY KEY")
		if (!mysql)
			print "ALTER TABLE f" g " REPLICA IDENTITY FULL;"
		for (n = 1; n <= most[g]; n++)
			print "INSERT INTO l" g " (id) VALUES (" n "); INSERT INTO xl" g " (id) VALUES (" n ");"
		for (t = first_of(g); t <= last_of(g); t++)
			for (n = 1; n <= values[t]; n++) {
				put("l" g, t, n)
				if (mark[t, n] !~ /!/)
					put("xl" g, t, n)
			}
		print "INSERT INTO u" g " (id, " list(g, "") ") SELECT a.id, " list(g, "b.") " FROM l" g " a JOIN l" g " b ON b.id = a.id % " \
			most[g] " + 1 WHERE a.id % 2 = 1;"
		print "INSERT INTO u" g " (id) SELECT id FROM l" g " WHERE id % 2 = 0;"
		print "INSERT INTO f" g " SELECT * FROM l" g ";"
	}
	for (t = 1; t <= types; t++) {
		if (!in_key[t])
			continue
		print "CREATE TABLE k" t " (k " key_type(t) " NOT NULL PRIMARY KEY, id int NOT NULL, w int NOT NULL);"
		print fill_key(t, 0, "")
	}
}

function change_key(t,	n, from) {
	print "UPDATE k" t " SET w = w + 1;"
	print "DELETE FROM k" t " WHERE id % 2 = 1;"
	print fill_key(t, 10, "AND id % 2 = 1")
	for (n = 1; n <= values[t]; n++) {
		if (!fits(t, n))
			continue
		if (!from)
			print "DELETE FROM k" t " WHERE id = " n ";"
		else if (mysql)
			print "UPDATE IGNORE k" t " k, l" table_of(t) " l SET k.k = l.c" t ", k.id = l.id WHERE k.id = " n " AND l.id = " from ";"
		else
			print "UPDATE k" t " k SET k = l.c" t ", id = l.id FROM l" table_of(t) " l WHERE k.id = " n " AND l.id = " from ";"
		from = n
	}
	print fill_key(t, 20, "AND id = " from)
	print "UPDATE k" t " SET w = w + 100;"
}

function change(	g, t) {
	if (mysql)
		print "SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO';"
	for (g = 1; g <= tables(); g++) {
		print "INSERT INTO s" g " SELECT * FROM l" g ";"
		print "INSERT INTO xs" g " SELECT * FROM xl" g ";"
		print "UPDATE u" g " SET " nulls(g) ", w = w + 1 WHERE id % 3 = 0;"
		if (mysql)
			print "UPDATE u" g ", l" g " SET " sets(g) ", u" g ".w = u" g ".w + 1 WHERE l" g ".id = u" g ".id;"
		else
			print "UPDATE u" g " SET " sets(g) ", w = u" g ".w + 1 FROM l" g " WHERE l" g ".id = u" g ".id;"
		print "UPDATE u" g " SET w = w + 10;"
		print "UPDATE f" g " SET w = w + 1;"
		print "DELETE FROM f" g " WHERE id % 2 = 0;"
		print "INSERT INTO f" g " SELECT * FROM s" g " WHERE id % 4 = 0;"
		print "UPDATE f" g " SET w = w + 100 WHERE id % 3 = 0;"
		print "INSERT INTO f" g " SELECT * FROM s" g " WHERE id % 4 = 2;"
	}
	for (t = 1; t <= types; t++)
		if (in_key[t])
			change_key(t)
}

# ---- reading: columns of the server's catalog come as table, column, kind of type, type, bits ---------------------------------
function pg_form(q, t) { return t == "bytea" ? "encode(" q ", 'hex')" : q }
function my_form(q, t, bits) {
	if (t == "float" || t == "double")	# with all its digits, whatever the column shows
		return q " * 1e0"
	if (t == "bit")
		return "LPAD(BIN(" q " + 0), " bits ", '0')"
	if (t ~ /^(tiny|medium|long)?blob$|binary|vector|geom|point|linestring|polygon/)
		return "LOWER(HEX(" q "))"
	return q
}
function column_number(table, column) { return table ~ /^k/ ? substr(table, 2) : substr(column, 2) }
function is_value(table, column) { return table ~ /^([lsuf]|x[ls])[0-9]+$/ ? column ~ /^c[0-9]+$/ : table ~ /^k[0-9]+$/ && column == "k" }
function use_of(table) { sub(/[0-9]+$/, "", table); return table }

what == "read" {
	if (!is_value($1, $2))
		next
	t = column_number($1, $2)
	where = $1 ~ /^k/ ? "" : " WHERE id <= " values[t]
	if (mysql)
		print "SELECT " t ", '" use_of($1) "', id, w, ISNULL(" $2 "), " my_form($2, $3, $5) ", " \
			($3 ~ /char|text|enum|set/ ? "HEX(" $2 ")" : "''") " FROM " $1 where ";"
	else
		print "COPY (SELECT " t ", '" use_of($1) "', id, w, (" $2 "::text IS NULL)::int, " pg_form($2, $3) ", '' FROM public." $1 where ") TO STDOUT;"
	next
}

# ---- the verdict ---------------------------------------------------------------------------------------------------------
# Display widths are the catalog's alone, and some versions leave them out.
function no_width(name) {
	sub(/^year\(4\)$/, "year", name)
	if (name ~ /^(tiny|small|medium|big)?int\([0-9]+\)/ && name !~ /zerofill|^tinyint\(1\)/)
		sub(/\([0-9]+\)/, "", name)
	return name
}
# What is printed by clients in more than one way has one here.
function plain(text,	i, c) {
	for (i = 1; i <= 4; i++) {
		c = substr("\b\f\v\r", i, 1)
		gsub(c, "\\" substr("bfvr", i, 1), text)
	}
	return text ""
}
function short(text) {
	return length(text) <= 160 ? text : substr(text, 1, 40) "..." substr(text, length(text) - 19) " (" length(text) " bytes)"
}
function complain(text) { print text; wrong++ }

what == "judge" && (FILENAME == ARGV[2] || FILENAME == ARGV[4]) {
	if (is_value($1, $2))
		type_of[FILENAME == ARGV[2], use_of($1), column_number($1, $2)] = no_width($4)
	next
}
what == "judge" {
	from = FILENAME == ARGV[3]
	i = $1 SUBSEP $2 SUBSEP $3
	if ((from, i) in number)
		complain(type[$1] ", use " $2 ", value " $3 ": two rows on the " (from ? "source" : "target"))
	number[from, i] = $4
	got[from, i] = $5 ? "\\N" : plain($6)	# compared as texts: what looks like a number would be one to awk
	bytes[from, i] = $7 ""
	if (from)
		rows[++nrows] = i
	else
		target_rows++
}

function judge_use(t, use, n, i,	l) {
	if (!((0, i) in number)) {
		complain(type[t] ", use " use ", value " n " (" value[t, n] "): not on the target")
		return
	}
	cells++
	if (number[1, i] != number[0, i])
		complain(type[t] ", use " use ", value " n " (" value[t, n] "): w is " number[0, i] ", not " number[1, i])
	if (use == "l" || use == "xl")
		return
	l = t SUBSEP (use == "xs" ? "xl" : "l") SUBSEP n
	if (got[1, i] != got[1, l] && use != "k")
		complain(type[t] ", use " use ", value " n ": the source itself has " short(got[1, i]) ", not " short(got[1, l]))
	if (got[0, i] != got[0, l])
		complain(type[t] ", use " use ", value " n " (" value[t, n] "): " short(got[0, i]) ", where the load left " short(got[0, l]))
	else if (bytes[0, i] != bytes[0, l] && type_of[0, use, t] == type_of[0, "l", t])
		complain(type[t] ", use " use ", value " n " (" value[t, n] "): bytes " short(bytes[0, i]) ", where the load left " short(bytes[0, l]))
}

# Type by type what is not on the target as it is on the source.
function differences(t,	n, i, use, head, to) {
	to = type_of[0, "l", t]
	head = type_of[1, "l", t] " -> " to ((0, "k", t) in type_of && type_of[0, "k", t] != to ? ", as a key " type_of[0, "k", t] : "")
	if (type_of[1, "l", t] != to || type_of[1, "k", t] != type_of[0, "k", t])
		print head >golden
	for (use = "l"; use != ""; use = use == "l" ? "xl" : "")
		for (n = 1; n <= values[t]; n++) {
			i = t SUBSEP use SUBSEP n
			if (use == "xl" && mark[t, n] !~ /~/)
				continue
			if (use == "l" && got[1, i] == "\\N" && value[t, n] != "NULL")
				complain(type[t] ", value " n " (" value[t, n] "): NULL on the source")
			if (got[1, i] == got[0, i] && (bytes[1, i] == bytes[0, i] || type_of[1, "l", t] != to))
				continue
			if (!((0, i) in number))
				continue
			if (type_of[1, "l", t] == to && head != "") {
				print to >golden
				head = ""
			}
			print "\t" (use == "l" ? "" : "nearest: ") short(got[1, i]) " -> " short(got[0, i]) \
				(got[1, i] == got[0, i] ? " bytes " bytes[1, i] " -> " bytes[0, i] : "") >golden
			changed += use == "l" ? uses[t] : 2
		}
}

END {
	if (what == "schema")
		schema()
	if (what == "change")
		change()
	if (what != "judge")
		exit
	print "# What is not on " kind " as it was on " source ": type -> type, value -> value (\\N: NULL)." >golden
	for (r = 1; r <= nrows; r++) {
		split(rows[r], part, SUBSEP)
		if (part[2] ~ /^x/ && !clamped)
			continue
		judge_use(part[1], part[2], part[3], rows[r])
		taken++
	}
	if (taken != target_rows)
		complain(taken " values on the source, " target_rows " on the target")
	for (t = 1; t <= types; t++) {
		uses[t] = in_key[t] ? 5 : 4
		differences(t)
	}
	print types, all_values, cells + 0, changed + 0, wrong + 0 >figures
	exit wrong > 0
}
