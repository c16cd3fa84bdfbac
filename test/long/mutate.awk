# mutate.awk - one small edit of a C file after the other, in the layout that this project's files have.
#	awk -f mutate.awk FILE			lists them: number TAB kind TAB line TAB what
#	awk -v pick=N -f mutate.awk FILE	prints the file with the N-th
# Kinds: negate (a condition, or the value that a bool function returns), bound (< and <=, > and >=), constant (one more, one less), drop (a
# statement), return (at a function's start).
# Comments, strings and preprocessor lines but #define are left alone.

function code_mask(	i, c, d, st, line) {	# st: 0 code, 1 block comment, 2 string, 3 character, 4 preprocessor line
	st = 0
	for (i = 1; i <= len; i++) {
		c = ch[i]; d = ch[i + 1]
		if (st == 0 && c == "#" && ch[i - 1] == "\n" && substr(s, i, 7) != "#define") st = 4
		if (st == 0 && c == "/" && d == "*") st = 1
		else if (st == 0 && c == "\"") { st = 2; code[i] = 0; continue }
		else if (st == 0 && c == "'") { st = 3; code[i] = 0; continue }
		code[i] = st == 0
		if (st == 1 && c == "/" && ch[i - 1] == "*") st = 0
		else if ((st == 2 || st == 3) && c == "\\") { code[++i] = 0 }
		else if ((st == 2 && c == "\"") || (st == 3 && c == "'")) st = 0
		else if (st == 4 && c == "\n" && ch[i - 1] != "\\") st = 0
	}
}

function word_at(i) {		# the word that begins at i; empty where none does
	if (!code[i] || ch[i] !~ /[A-Za-z_]/ || ch[i - 1] ~ /[A-Za-z0-9_]/) return ""
	match(substr(s, i, 60), /^[A-Za-z0-9_]+/)
	return substr(s, i, RLENGTH)
}

function closing(i,	depth) {	# of the bracket at i
	for (depth = 0; i <= len; i++) {
		if (!code[i]) continue
		if (ch[i] ~ /[({[]/) depth++
		else if (ch[i] ~ /[])}]/ && --depth == 0) return i
	}
	return 0
}

function until(i, stop,	depth) {	# the place of `stop` outside brackets
	for (depth = 0; i <= len; i++) {
		if (!code[i]) continue
		if (depth == 0 && ch[i] == stop) return i
		if (ch[i] ~ /[({[]/) depth++
		else if (ch[i] ~ /[])}]/ && --depth < 0) return 0
	}
	return 0
}

function squeeze(text) { gsub(/[ \t\n]+/, " ", text); return substr(text, 1, 90) }

function edit(kind, from, to, text,	was) {		# from..to (exclusive) becomes text
	n++
	if (pick == "") {
		was = substr(s, from, to - from)
		printf "%d\t%s\t%d\t%s => %s\n", n, kind, line_of[from], squeeze(was), squeeze(text)
	} else if (pick == n) {
		printf "%s%s%s", substr(s, 1, from - 1), text, substr(s, to)
		exit
	}
}

function negate(from, to) { edit("negate", from, to, "!(" substr(s, from, to - from) ")") }

function conditions(i, w,	open, end, a, b) {
	if (w == "if" || w == "while") {
		open = i + length(w) + 1
		if (ch[open] == "(" && (end = closing(open)) > 0) negate(open + 1, end)
	} else if (w == "for") {
		open = i + 4
		if (ch[open] == "(" && (a = until(open + 1, ";")) > 0 && (b = until(a + 1, ";")) > a + 2) negate(a + 2, b)
	} else if (w == "return" && returns == "bool") {
		end = until(i, ";")
		if (end > i + 7) negate(i + 7, end)
	}
}

function bounds(i,	two) {
	if (ch[i] !~ /[<>]/ || ch[i - 1] != " ") return
	two = ch[i] ch[i + 1]
	if (two == "< " || two == "> ") edit("bound", i, i + 1, ch[i] "=")
	else if (two == "<=" || two == ">=") edit("bound", i, i + 2, ch[i])
}

function constants(i,	text) {
	if (ch[i] !~ /[0-9]/ || ch[i - 1] ~ /[A-Za-z0-9_.]/) return
	match(substr(s, i, 40), /^[0-9][0-9a-zA-Z]*/)
	text = substr(s, i, RLENGTH)
	edit("constant", i, i + RLENGTH, "(" text " + 1)")
	edit("constant", i, i + RLENGTH, "(" text " - 1)")
}

function is_declaration(text) {
	return text ~ /^(const|static|struct|union|enum|unsigned|int|bool|char|void|double|size_t|ssize_t|[a-z0-9_]+_t)[ *]/ || text ~ /^_Static_assert/
}

# A statement begins at i.
function statement(i, w,	end) {
	if (w ~ /^(if|while|for|do|switch|else|return|goto|case|default|assert)$/ || ch[i] ~ /[{}]/) return
	if (is_declaration(substr(s, i, 60)) || (end = until(i, ";")) == 0) return
	if (substr(s, i, end - i) ~ /^[A-Za-z_]+:/) return
	edit("drop", i, end, "")
}

function zero() {
	if (returns ~ /\*$/) return "NULL"
	if (returns == "bool") return "false"
	if (returns ~ /^(const )?struct /) { sub(/^const /, "", returns); return "(" returns "){ 0 }" }
	return "0"
}

function at_start(i) {		# of a function's statements: behind its declarations
	if (returns == "void") edit("return", i, i, "return;\n\t")
	else edit("return", i, i, "return " zero() ";\n\t")
	if (returns == "bool") edit("return", i, i, "return true;\n\t")
}

BEGIN { RS = "\001" }
{
	s = $0
	len = length(s)
	line = 1
	for (i = 1; i <= len; i++) {
		ch[i] = substr(s, i, 1)
		line_of[i] = line
		line += ch[i] == "\n"
	}
	code_mask()
	inside = fresh = round = n = 0
	for (i = 1; i <= len; i++) {
		if (!code[i]) continue
		if (ch[i] == "\n" && ch[i + 1] == "{" && !inside) {	# a function: its type stands alone on a line, then its name
			head = substr(s, 1, i)
			sub(/\n[a-z_0-9]+\([^{}]*$/, "", head)
			sub(/^.*\n/, "", head)
			if (head ~ /^(static |const |inline )*[a-z_0-9 ]+( \*)?$/ && substr(s, i - 1, 1) == ")") {
				returns = head
				gsub(/static |inline /, "", returns)
				inside = 1
				i++
				fresh = starts = 1
				continue
			}
		}
		if (inside && ch[i] == "}" && ch[i - 1] == "\n") { inside = 0; returns = ""; continue }
		if (inside && starts && ch[i] !~ /[ \t\n]/) {
			w = word_at(i)
			if (fresh && !is_declaration(substr(s, i, 60))) { at_start(i); fresh = 0 }
			statement(i, w)
			starts = 0
		}
		w = word_at(i)
		if (inside && w != "") conditions(i, w)
		if (inside && w ~ /^(if|while|for|switch)$/ && ch[i + length(w) + 1] == "(") header_end = closing(i + length(w) + 1)
		if (ch[i] == "(") round++
		if (ch[i] == ")") round--
		bounds(i)
		constants(i)
		if (inside && round == 0 && (i == header_end || w == "else" || ch[i] == ";" || (ch[i] ~ /[{}]/ && ch[i + 1] == "\n"))) {
			if (w == "else") i += 3
			starts = 1
		}
	}
}
