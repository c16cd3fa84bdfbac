#!/bin/sh
# make install puts binary, manuals, sample file, unit, sysusers and tmpfiles where they belong; the sample is accepted; the unit is valid
# and shut in.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
case $O in */asan | */tsan) skip 'no test for sanitizers' ;; esac
root=$TMP/root

step 'install'
(cd "$TOP" && make -s O="$O" install DESTDIR="$root" PREFIX=/usr) >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail 'make install failed'; }
find "$root" -type f | sed "s,$root,," | sort
unit=$(find "$root" -name repld.service)
[ -n "$unit" ] || fail 'no unit'
for file in usr/sbin/repld etc/repld/repld.conf usr/share/man/man8/repld.8 usr/share/man/man5/repld.conf.5 usr/share/man/man1/repld-ctl.1; do
	[ -s "$root/$file" ] || fail "no $file"
done
find "$root" -path '*sysusers*' -type f | grep -q . || fail 'no sysusers file'
find "$root" -path '*tmpfiles*' -type f | grep -q . || fail 'no tmpfiles file'
grep -q '^ExecStart=.*/usr/sbin/repld' "$unit" || fail 'the unit does not start the binary that was installed'

step 'the installed binary takes the installed sample'
run_rc 0 "$root/usr/sbin/repld" check -c "$root/etc/repld/repld.conf" --offline
run_rc 0 "$root/usr/sbin/repld" --version

step 'a second install keeps a configuration that is there'
echo '# mine' >>"$root/etc/repld/repld.conf"
(cd "$TOP" && make -s O="$O" install DESTDIR="$root" PREFIX=/usr) >"$TMP/out" 2>&1
expect 'the last line of the configuration' '# mine' "$(tail -n 1 "$root/etc/repld/repld.conf")"

step 'the unit'
for word in Type=notify WatchdogSec= Restart=on-failure RestartPreventExitStatus=2 ExecReload= NoNewPrivileges=; do
	grep -Eiq "^$word" "$unit" || fail "the unit has no $word"
done
command -v systemd-analyze >/dev/null 2>&1 || { say '   systemd-analyze is not here'; exit 0; }
systemd-analyze security --offline=true --threshold=12 "$unit" >"$TMP/out" 2>&1 || { tail -n 5 "$TMP/out" >&2; fail 'exposure above 1.2'; }
say "   $(tail -n 1 "$TMP/out")"
