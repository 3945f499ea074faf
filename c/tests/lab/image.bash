# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that need the guest image or its build root.

# It is made where there is none; another test may be at it. Fails with what
# make-image said on stderr.
image_there() {
	local end=$((SECONDS + 900)) said
	until [ -e ../images/build/manifest.json ]; do
		said=$(../images/make-image 2>&1) && continue
		if [[ $said != *'another make-image is at work'* ]] ||
			[ $SECONDS -ge $end ]; then
			grep make-image: <<<"$said" | tail -n 1 >&2
			return 1
		fi
	done
}
