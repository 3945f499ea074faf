# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/run: which skips are expected here, by the list tests/skips.

skips_file=tests/skips

# What a line of the list may ask of the machine; 2: no such condition.
condition_holds() { # condition, build
	case $1 in
	always) ;;
	sanitizer) grep -q '^SANITIZE := .' "$2/config.mk" 2>/dev/null ;;
	debian-12 | debian-13)
		# shellcheck source=/dev/null
		[ "$(. /etc/os-release && echo "$ID-$VERSION_ID")" = "$1" ]
		;;
	user) [ "$(id -u)" != 0 ] ;;
	kvm) kvm ;;
	no-kvm) ! kvm ;;
	vhost) [ -e /dev/vhost-net ] ;;
	no-vhost) [ ! -e /dev/vhost-net ] ;;
	igb) qemu_has_igb ;;
	no-igb) ! qemu_has_igb ;;
	no-data) [ ! -e "${T2T_DATA:-../../shared/data}" ] ;;
	no-namespaces) ! inside true ;;
	no-mount) ! inside mount -t tmpfs none /mnt ;;
	no-tbf)
		! inside tc qdisc add dev lo root tbf rate 8mbit burst 4kb limit 10kb
		;;
	no-veth) ! inside ip link add near0 type veth peer far0 ;;
	no-mknod) ! mknod_works ;;
	no-bpf) ! bpf_works ;;
	no-websockets) ! /usr/bin/python3 -c 'import websockets' 2>/dev/null ;;
	no-node-ws) ! NODE_PATH=/usr/share/nodejs node -e 'require("ws")' 2>/dev/null ;;
	no-chromium) ! command -v chromium >/dev/null ;;
	no-openssl) ! grep -qs HAVE_OPENSSL "$2/config.mk" ;;
	no-dpdk) [ ! -e "$2/libt2t-dpdk.so" ] ;;
	no-gnutls) ! command -v gnutls-cli >/dev/null ;;
	no-quickfix) [ ! -e "$2/tests/support/quickfix_peer" ] ;;
	no-fifo) ! chrt -f 1 true 2>/dev/null ;;
	offline) [ -z "$(ip route show default)" ] ;;
	*) return 2 ;;
	esac
}

# By the CPU, as the lab decides: the device may open all the same.
kvm() {
	[ -w /dev/kvm ] && grep -qwE '^flags.*(vmx|svm)' /proc/cpuinfo
}

qemu_has_igb() {
	qemu-system-x86_64 -device help 2>/dev/null | grep -q '^name "igb"'
}

mknod_works() {
	local folder
	folder=$(mktemp -d)
	mknod "$folder/null" c 1 3 2>/dev/null && : 2>/dev/null <"$folder/null"
	set -- $?
	rm -rf "$folder"
	return "$1"
}

# As AF_XDP needs it: the capability, over the machine and not a namespace.
bpf_works() {
	local capabilities
	capabilities=$(sed -n 's/^CapEff:\s*/0x/p' /proc/self/status)
	[ "$(readlink /proc/self/ns/user)" = 'user:[4026531837]' ] &&
		[ $((capabilities >> 21 & 1)) = 1 ]
}

# A command as root of namespaces of its own, as tests are.
inside() {
	if [ "$(id -u)" = 0 ]; then
		unshare --net --mount "$@"
	else
		unshare --user --map-root-user --net --mount "$@"
	fi >/dev/null 2>&1
}

# "TEST GLOB" of the lines whose condition holds; those about a build apart.
skips_here=() skips_sanitizer=()

# The whole list is judged, whatever is run: a condition that's misspelt would
# else expect nothing, or all.
skips_read() {
	local line condition test glob number=0
	while read -r line; do
		number=$((number + 1))
		case $line in '' | '#'*) continue ;; esac
		read -r condition test glob <<<"$line"
		if [ -z "$glob" ]; then
			echo "$skips_file:$number: wants CONDITION TEST PATTERN" >&2
			return 1
		elif [ "$condition" = sanitizer ]; then
			skips_sanitizer+=("$test $glob")
			continue
		fi
		condition_holds "$condition" ''
		case $? in
		0) skips_here+=("$test $glob") ;;
		2)
			echo "$skips_file:$number: no condition '$condition'" >&2
			return 1
			;;
		esac
	done <"$skips_file" || return 1
}

skip_expected() { # build, KIND/NAME, "CASE: REASON"
	local expected lines=("${skips_here[@]}")
	condition_holds sanitizer "$1" && lines+=("${skips_sanitizer[@]}")
	for expected in "${lines[@]}"; do
		# shellcheck disable=SC2053 # both are patterns
		[[ $2 == ${expected%% *} && $3 == ${expected#* } ]] && return 0
	done
	return 1
}
