# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of machines that are network namespaces with a name.

# Two of them, joined by a wire: NETWORK.1 and .2 at their ends of it. Fails
# where namespaces with a name are not permitted.
two_namespaces() { # one, other, name of the wire, network: 10.79.0
	local side
	ip netns add "$1" 2>/dev/null && ip netns add "$2" || return
	ip link add "$3" netns "$1" type veth peer name "$3" netns "$2" || return
	for side in 1 2; do
		ip -n "${!side}" address add "$4.$side/24" dev "$3"
		ip -n "${!side}" link set lo up
		ip -n "${!side}" link set "$3" up
	done
}
