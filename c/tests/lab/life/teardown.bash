# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# The lab's end, by the record alone: killed after each of its changes.

life_teardown() {
	local name killed=0
	# What talks to the guests is ours to end.
	[ ${#beside[@]} = 0 ] || kill "${beside[@]}" 2>/dev/null
	beside=()
	mv "$inventory" "$folder/gone"
	inventory=localhost,
	# Each time it has less to do.
	while [ $killed -lt 60 ] && lab_killed teardown 1; do
		killed=$((killed + 1))
		echo "# $(grep '^killed ' "$folder/teardown.log")"
	done
	name='teardown works after kill -9 after each of its changes, without the inventory'
	if grep -q ' changed=0 failed=0' "$folder/teardown.log" &&
		[ $killed -ge 8 ]; then
		pass "$name ($killed)"
	else
		fail "$name" <"$folder/teardown.log"
	fi
	works 'a second teardown' teardown
}

life_gone() {
	local name='the machine is as it was' guest
	# lab_ssh's own connections stand for longer than a teardown takes.
	for guest in exchange trader; do
		ssh -F /dev/null -O exit -o ControlPath="$folder/ssh-%n" $guest \
			2>/dev/null
	done
	if lab_dump | diff "$folder/before" - >"$folder/diff"; then
		pass "$name"
	else
		fail "$name" <"$folder/diff"
	fi
}
