#!/bin/bash
# SPDX-License-Identifier: MIT
# The lab's verbs for a user whose sudo wants a password: it is asked for once,
# and not where sudo wants none. He is made in a mount namespace of its own.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

for program in ansible-playbook sudo useradd chpasswd runuser python3 jq; do
	command -v $program >/dev/null && continue
	skip 'sudo with a password' "no $program"
	finish
done
if [ "$(id -u)" != 0 ]; then
	skip 'sudo with a password' 'wants root, to make a user'
	finish
fi
if [ -z "${T2T_PRIVATE:-}" ]; then
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	T2T_PRIVATE=$folder setpriv --pdeathsig KILL unshare --mount --net --pid \
		--fork --mount-proc --kill-child bash "$0"
	exit
fi

# -- From here on nothing is seen outside.

work=$T2T_PRIVATE
chmod 755 "$work"
cp -a /etc "$work/etc"
mount --bind "$work/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 711 /run/sudo
useradd --create-home --home-dir "$work/home" --shell /bin/bash t2t-user
echo 't2t-user:open sesame' | chpasswd
tree=$work/tree
mkdir "$tree"
tar -C .. --exclude=build -cf - Makefile ansible inventory |
	tar -C "$tree" -xf -
chown -R t2t-user: "$tree"

# A verb as that user, on a terminal of his: out, asked (how often for a
# password) and code. What it is told comes from the third argument on.
verb() { # password, arguments of make...
	env -i PATH="$PATH" HOME="$work/home" LAB_FOLDER="$work/lab" \
		python3 -c '
import os, pty, sys
said, asked = b"", 0
def read(fd):
    global said, asked
    data = os.read(fd, 65536)
    said += data
    # Each prompt once, however it comes in pieces.
    if said.lower().count(b"password") > asked and said.endswith(b": "):
        asked = said.lower().count(b"password")
        os.write(fd, sys.argv[1].encode() + b"\n")
    return data
code = os.waitstatus_to_exitcode(pty.spawn(
    ["runuser", "-u", "t2t-user", "--", "timeout", "--foreground", "300", "make", "-s", "-C",
     *sys.argv[2:]], read, lambda fd: b""))
print("\nasked", asked, "code", code)
' "$1" "$tree" "${@:2}" >"$work/out" 2>&1 </dev/null
}
ends() { # name, how often it asks, code, password, arguments of make...
	verb "${@:4}"
	if [ "$(tail -n 1 "$work/out")" = "asked $2 code $3" ]; then
		pass "$1"
	else
		fail "$1" < <(echo "expected asked $2 code $3"; cat "$work/out")
	fi
}

echo 't2t-user ALL=(ALL:ALL) ALL' >/etc/sudoers.d/t2t-user
ends 'a password that is wanted is asked for once' 1 0 'open sesame' \
	restore INVENTORY=local
ends 'by teardown too' 1 0 'open sesame' teardown
echo 't2t-user ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/t2t-user
ends 'one that is not wanted is not asked for' 0 0 '' restore INVENTORY=local
finish
