# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the hooks of mmdebstrap. Their argument is the root.
# shellcheck source=images/script.bash
. "$T2T_IMAGES/script.bash"
root=$1
[[ -n $root && $root != / ]] || fail "the root is '$root'"

# apt outside, dpkg inside: the mirror, its keys and any proxy are the host's.
install_packages() {
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG DEBIAN_FRONTEND=noninteractive \
		apt-get --yes -o DPkg::Chroot-Directory="$root" install "$@"
}

apt_in_root() { # tool, arguments...
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG "$@"
}

list_installed() {
	# shellcheck disable=SC2016 # these are dpkg's
	chroot "$root" dpkg-query -W -f '${db:Status-Abbrev}${Package}\t${Version}\n' |
		sed -n 's/^ii *//p' | sort
}
