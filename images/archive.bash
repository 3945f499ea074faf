# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Sourced by make-image: where the packages come from.
# What is not assigned here is make-image's.

# An archive as mmdebstrap takes it; nothing of one that it can't take.
# Packages are unpacked inside the root, which sees no file: of the host; with
# copy: apt brings them there.
as_mirror() { # URI
	local uri=$1
	while [[ $uri = */ ]]; do uri=${uri%/}; done
	case $uri in
	file:* | copy:*)
		uri=${uri#*:}
		while [[ $uri = //* ]]; do uri=${uri#/}; done
		echo "copy://$uri"
		;;
	*://*) echo "$uri" ;;
	esac
}

# This host's own, a line each: those that are known to be Debian's, then those
# of which apt has no list at hand. A list of mirrors in a file stands for what
# is in it.
host_archives() {
	local targets uris uri mirrors
	# shellcheck disable=SC2016 # these are apt's
	targets=$(apt-get indextargets \
		--format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
		'Created-By: Packages' 'Architecture: amd64' 2>>"$log") ||
		fail "this host's apt does not say what its sources are:" \
			"mend them ('apt-get indextargets' ended with $?)," \
			'or name a mirror (MIRROR=URL, --mirror URL)'
	uris=$(awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3 }
		$1 == "" && $2 == "" { unknown = unknown $3 "\n" }
		END { printf "%s", unknown }' <<<"$targets")
	while IFS= read -r uri; do
		case $uri in
		mirror+file:*)
			uri=${uri#mirror+file:}
			while [[ $uri = */ ]]; do uri=${uri%/}; done
			[ -r "$uri" ] || continue
			mirrors=$(sed 's/#.*//' "$uri" | awk 'NF { print $1 }')
			while IFS= read -r uri; do
				as_mirror "$uri"
			done <<<"$mirrors"
			;;
		*) as_mirror "$uri" ;;
		esac
	done <<<"$uris" | awk '!seen[$0]++'
}

# Whether an archive has the suite.
answers() { # URL
	progress "asking $1 for $suite"
	rm -f "$work/InRelease"
	timeout --kill-after=5 30 apt-helper \
		-o APT::Sandbox::User=root "${apt_options[@]/#/-o}" download-file \
		"$1/dists/$suite/InRelease" "$work/InRelease" \
		>>"$log" 2>&1 9>&- && [ -s "$work/InRelease" ]
}

# Others have suites of the same name.
is_debians() {
	grep -qx 'Origin: Debian' "$work/InRelease" &&
		grep -qx 'Label: Debian' "$work/InRelease" &&
		grep -q '^Architectures:.* amd64' "$work/InRelease"
}

# Sets mirror to what was asked for or to the first that has the suite: the one
# of last time, then this host's; to nothing, mmdebstrap's default, if none has.
choose_mirror() {
	local archives last archive
	if [ -n "$mirror" ]; then
		archive=$mirror
		mirror=$(as_mirror "$archive")
		answers "$mirror" && return
		sed -n 's/^[EW]: */  | /p' "$log" >&2
		fail "--mirror $archive: no answer for the suite $suite (asked for 30 s at most)"
	fi
	last=$(recorded '.mirror // "" | select(contains("://"))')
	archives=$(host_archives)
	while IFS= read -r archive; do
		[ -n "$archive" ] || continue
		if answers "$archive" && is_debians; then
			mirror=$archive
			return
		fi
	done <<<"$last"$'\n'"$archives"
	progress "no source of this host has Debian's $suite: mmdebstrap's default"
}

# How this host reaches its sources, proxies above all: mmdebstrap's apt does
# not read the host's settings.
host_apt_settings() {
	apt-config dump | sed -n '/^Acquire::https\?::.* "..*";$/p'
}
