#!/bin/bash
# SPDX-License-Identifier: MIT
# Teardown by the record alone: knobs are back, a program that was left over
# has ended, what somebody put into the lab's folder stays; and a folder that
# is no lab's is refused. In namespaces of its own, without libvirt.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

for program in ansible-playbook unshare jq; do
	if ! command -v $program >/dev/null; then
		skip 'teardown' "no $program"
		finish
	fi
done
if [ "$(id -u)" != 0 ]; then
	skip 'teardown' 'wants root, for namespaces of its own'
	finish
fi
if [ -z "${T2T_PRIVATE:-}" ]; then
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	T2T_PRIVATE=$folder setpriv --pdeathsig KILL unshare --mount --net --pid --fork \
		--mount-proc --kill-child bash "$0"
	exit
fi

# -- From here on nothing is seen outside.

work=$T2T_PRIVATE
mount -o remount,bind,ro /sys
mount -t tmpfs tmpfs /run
export HOME=$work/home PYTHONDONTWRITEBYTECODE=1
mkdir "$HOME"

teardown() { # LAB_FOLDER
	(cd ../ansible && LAB_FOLDER=$1 exec ansible-playbook -i localhost, \
		teardown.yml) >"$work/log" 2>&1 </dev/null
}

# shellcheck disable=SC2317 # called by check
shown() { cat "$work/log"; }

boot=$(cat /proc/sys/kernel/random/boot_id)
lab="$work/a läb"
knob=/proc/sys/net/ipv4/ip_default_ttl
before=$(cat $knob)
# A lab whose campaign was killed. Nothing else in this namespace has the knob.
left_over() {
	mkdir -p "$lab/experiment"
	echo 77 >$knob
	jq -n --arg lab "$lab" '{schema: "t2t-lab-record/1", made: [
		{kind: "folder", name: $lab, new: true}]}' >"$lab/record.json"
	jq -n --arg boot "$boot" --arg before "$1" \
		'{schema: "t2t-lab-record/1", made: [
		{kind: "knob", name: "sysctl net.ipv4.ip_default_ttl", boot: $boot,
			knob: {kind: "sysctl", name: "net.ipv4.ip_default_ttl",
				value: "77", interface: ""}, before: $before}]}' \
		>"$lab/knobs.json"
	touch "$lab/key" "$lab/experiment/feed.log"
}

left_over no-number
name="a knob that can't be put back is named, and keeps its record"
if ! teardown "$lab" && grep -q 'ip_default_ttl.*All else is taken down' \
	"$work/log" && [ -e "$lab/knobs.json" ] && [ -e "$lab/record.json" ]; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi

left_over "$before"
touch "$lab/thesis.tex"
check 'teardown after a campaign was killed' teardown "$lab"
check 'its knob is back' [ "$(cat $knob)" = "$before" ]
check 'what somebody put into the folder stays, alone' \
	[ "$(ls -A "$lab")" = thesis.tex ]
check 'and is named' grep -q 'not the lab.s are thesis.tex' "$work/log"

mkdir -p "$work/somebody"/Documents
touch "$work/somebody/Documents/thesis" "$work/somebody/key"
echo '{"records": []}' >"$work/somebody/record.json"
find "$work/somebody" | sort >"$work/before"
name='a home is no lab'
if ! teardown "$work/somebody" && grep -q 'neither empty nor' "$work/log" &&
	find "$work/somebody" | sort | cmp -s - "$work/before"; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi
check 'no lab, nothing to do' teardown "$work/none"
finish
