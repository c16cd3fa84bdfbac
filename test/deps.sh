#!/bin/sh
# Installs, from Debian packages (12 and 13), what the build, the demo and the tests need and this machine lacks.
#
#   deps.sh build   compiler, pkg-config, libraries
#   deps.sh demo    build, and the PostgreSQL and MariaDB servers of the release
#   deps.sh check   demo, and what the tests and lints use
#   deps.sh matrix  check, and npm (servers of other versions)
#   deps.sh all     check, and clang with libFuzzer (the fuzz targets, the second compiler)
#
# Does nothing where nothing is missing. Needs root or sudo otherwise. The server's package would create and start a
# database cluster: that is turned off for the time of its installation; no service is started.
set -eu
group=${1:-all}
case $group in build | demo | check | matrix | all) ;; *) echo "deps.sh: build, demo, check, matrix or all" >&2; exit 2 ;; esac
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

missing='' need_server='' need_plugin='' need_mariadb='' need_clang=''
want() { missing="$missing $1"; }
command_of() { command -v "$1" >/dev/null 2>&1 || want "$2"; }		# COMMAND PACKAGE
library_of() { pkg-config --exists "$1" 2>/dev/null || want "$2"; }	# PKG-CONFIG-NAME PACKAGE
server_version() { ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sed 's,.*postgresql/\([0-9]*\)/.*,\1,' | sort -n | tail -n 1; }
plugin_there() { [ -n "$(server_version)" ] && [ -e "/usr/lib/postgresql/$(server_version)/lib/wal2json.so" ]; }
server_there() { ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
fuzzer_there() {
	command -v clang >/dev/null 2>&1 &&
		ls "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer*.a >/dev/null 2>&1
}

find_missing() {
	missing='' need_server='' need_plugin='' need_mariadb='' need_clang=''
	command_of gcc gcc
	command_of make make
	command_of ar binutils
	[ -e /usr/include/stdio.h ] || want libc6-dev
	command_of pkg-config pkg-config
	library_of libpq libpq-dev
	library_of libevent libevent-dev
	library_of libconfig libconfig-dev
	library_of libsystemd libsystemd-dev
	library_of libmariadb libmariadb-dev
	library_of zlib zlib1g-dev
	library_of libzstd libzstd-dev
	[ "$group" = build ] && return
	command_of runuser util-linux
	command_of ps procps
	command -v mariadbd >/dev/null 2>&1 && command -v mariadb >/dev/null 2>&1 || need_mariadb=yes
	server_there || need_server=yes
	plugin_there || need_plugin=yes
	[ "$group" = demo ] && return
	library_of check check
	command_of openssl openssl
	command_of systemd-analyze systemd
	command_of groff groff-base
	command_of mandoc mandoc
	command_of shellcheck shellcheck
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || want debian-archive-keyring
	[ "$group" = check ] && return
	if [ "$group" = matrix ]; then
		command_of npm npm
		return
	fi
	command_of clang clang
	ls /usr/bin/llvm-cov* >/dev/null 2>&1 || want llvm
	fuzzer_there || need_clang=yes
}

find_missing
[ -n "$missing$need_server$need_plugin$need_mariadb$need_clang" ] || exit 0
servers="${need_server:+ postgresql}${need_plugin:+ postgresql-NN-wal2json}${need_mariadb:+ mariadb-server-core mariadb-client-core}"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: not a Debian system; install what these Debian packages hold:$missing$servers" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "deps: missing:$missing$servers; run as root: make deps GROUP=$group" >&2
		exit 1
	fi
	exec sudo sh "$0" "$group"
fi

log=$(mktemp "${TMPDIR:-/tmp}/repld-deps.XXXXXX")
conf=/etc/postgresql-common/createcluster.conf
policy=/usr/sbin/policy-rc.d
saved_conf='' made_policy=''

# Everything back as it was, also after a failure in the middle.
restore() {
	[ -z "$saved_conf" ] || mv -f "$saved_conf" "$conf"
	[ -z "$made_policy" ] || rm -f "$policy"
	saved_conf='' made_policy=''
}
finish() {
	rc=$?
	restore
	if [ "$rc" -ne 0 ] && [ -s "$log" ]; then
		echo "deps: failed; the end of apt-get's output:" >&2
		tail -n 20 "$log" >&2
	fi
	rm -f "$log"
	exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

apt() { apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$@" >>"$log" 2>&1; }
updated='' without=''
update() { [ -n "$updated" ] || apt update; updated=yes; }
candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

# Lists may be empty or older than the archive: fetch them and try once more.
install() {
	echo "deps: apt-get install $*"
	for p in "$@"; do
		candidate "$p" || { update; break; }
	done
	apt install --no-install-recommends "$@" && return
	[ -z "$updated" ] || return 1
	update || return
	apt install --no-install-recommends "$@"
}

no_services() {
	[ ! -e "$policy" ] || return 0	# whoever put one there has decided
	made_policy=yes
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

# postgresql-common first: its configuration file decides whether the server's package makes a cluster.
install_server() {
	no_services
	install postgresql-common || return
	if [ ! -e "$conf" ]; then
		echo "deps: $conf is missing; not installing the server" >&2
		return 1
	fi
	cp -p "$conf" "$conf.repld" || return
	saved_conf=$conf.repld
	{ grep -v '^[[:space:]]*create_main_cluster' "$saved_conf" || :; echo 'create_main_cluster = false'; } >"$conf" || return
	install postgresql || return
	restore
}

# Without a server the tests that need it are skipped; not so where everything must be tested, nor in the demo.
serverless() {			# NAME
	[ -z "${CI:-}" ] && [ "$group" != demo ] || exit 1
	echo "deps: no $1, the tests that need it are skipped: $(tail -n 1 "$log")" >&2
	without="$without $1"
}

# libFuzzer's archive is in a package named by clang's version.
install_fuzzer() {
	fuzzer_there || install "libclang-rt-$(clang -dumpversion | cut -d . -f 1)-dev"
}

start=$(date +%s)
no_services
# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing
[ -z "$need_server" ] || install_server || serverless PostgreSQL
[ -z "$need_plugin" ] || { [ -n "$(server_version)" ] && install "postgresql-$(server_version)-wal2json"; } || serverless wal2json
[ -z "$need_mariadb" ] || install mariadb-server-core mariadb-client-core || serverless MariaDB
[ -z "$need_clang" ] || install_fuzzer
restore

find_missing
case $without in *PostgreSQL*) need_server='' ;; esac
case $without in *MariaDB*) need_mariadb='' ;; esac
case $without in *wal2json*) need_plugin='' ;; esac
if [ -n "$missing$need_server$need_plugin$need_mariadb$need_clang" ]; then
	echo "deps: still missing:$missing${need_server:+ a PostgreSQL server}${need_plugin:+ wal2json}${need_mariadb:+ MariaDB}${need_clang:+ libFuzzer}" >&2
	exit 1
fi
echo "deps: done in $(($(date +%s) - start)) s"
