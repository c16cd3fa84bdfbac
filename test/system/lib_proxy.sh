# lib_proxy.sh - a fault proxy (test/torture/proxy.c) before servers of a test: proxy_start SERVER before conf_write, and the daemon goes through it;
# sql, compare and the like go past it. Sourced behind test/system/lib.sh.
#
#   db_start dst; proxy_start dst; conf_task t; proxy dst cut apply

PROXIED=''

address_of() {			# SERVER: its own, past any proxy
	if [ "$(kind_of "$1")" = postgresql ]; then
		echo "$TMP/$1/.s.PGSQL.$PORT"
	elif [ -e "$TMP/$1/port" ]; then
		echo "127.0.0.1:$(cat "$TMP/$1/port")"
	else
		echo "$TMP/$1/sock"
	fi
}

proxy_start() {			# SERVER
	PROXY=$O/test/torture/proxy
	if [ ! -x "$PROXY" ]; then
		PROXY=$TMP/proxy
		[ -x "$PROXY" ] || ${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -o "$PROXY" "$TOP/test/torture/proxy.c" || fail "can't compile proxy.c"
	fi
	ps_kind=mysql
	[ "$(kind_of "$1")" != postgresql ] || ps_kind=postgresql
	background "$PROXY" $ps_kind "$(address_of "$1")" "$TMP/$1.proxy"
	wait_for 10 proxy "$1" list || fail "the proxy of $1 does not answer"
	PROXIED="$PROXIED $1 "
}

proxy() {			# SERVER COMMAND WORD...
	px_dir=$TMP/$1.proxy
	shift
	"$PROXY" -c "$px_dir" "$@"
}

proxy_said() {			# SERVER PATTERN: how many events are like it
	grep -Ec -- "$2" "$TMP/$1.proxy/events" || :
}

# Of a server behind a proxy: by its port, in clear. The others as ever.
conf_endpoint() {		# NAME
	role=target at="socket = \"$TMP/$1\"; port = $PORT;" as=postgresql user=${ROLE:-postgres}
	! is_source "$1" || role=source
	if [ "$(kind_of "$1")" != postgresql ]; then
		as=mysql at="socket = \"$TMP/$1/sock\";" user=${MYROLE:-repld_$role}
	fi
	case $PROXIED in *" $1 "*) at="host = \"127.0.0.1\"; port = $(cat "$TMP/$1.proxy/port"); tls = \"disable\";" ;; esac
	printf '\t%s: { type = "%s"; role = "%s"; %s dbname = "%s"; user = "%s"; };\n' "$1" "$as" "$role" "$at" "$DB" "$user"
}
