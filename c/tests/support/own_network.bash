# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by scripts of tests that make a network of their own; with tests/tap.bash.

# The script once more, in namespaces of its own for network and mounts, which
# end with it, and where lo is up; or skipped, by this name.
own_network() { # name
	if ! unshare --net --mount true 2>/dev/null; then
		skip "$1" 'network namespaces are not permitted'
		finish
	fi
	if [ -z "${T2T_OWN_NETWORK:-}" ]; then
		T2T_OWN_NETWORK=1 exec unshare --net --mount bash "$0"
	fi
	ip link set lo up
}

# One more, of a process $far that the caller kills in the end.
far_network() {
	unshare --net sleep 600 &
	far=$!
	until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.1
	done
}
there() { # command...
	nsenter --net="/proc/$far/ns/net" "$@"
}

# A wire between the two: near0 with NETWORK.1, and there far0 with NETWORK.2.
far_wire() { # network: 10.77.9
	ip link add near0 type veth peer name far0 netns "$far"
	ip address add "$1.1/24" dev near0
	ip link set near0 up
	there ip address add "$1.2/24" dev far0
	there ip link set far0 up
}
