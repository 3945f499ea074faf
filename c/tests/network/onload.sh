#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-trader --onload: what it refuses, and what it does where OpenOnload is.
# Nobody has its driver here: from the driver on a stand-in of its command and of
# its library's onload_is_present() is asked, in a /dev of their own.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# shellcheck disable=SC2317 # called by ends
trader() { # options...
	"$BUILD/t2t-trader" --connect 127.0.0.1:9 --interface lo --receive spin \
		--connect-timeout-ms 1 "$@" >"$folder/out" 2>&1
}
ends() { # exit code, text, options...
	local wanted=$1 text=$2
	shift 2
	"$@"
	[ $? = "$wanted" ] && grep -qF -- "$text" "$folder/out" && return
	echo "wanted $wanted, '$text' of: $*" && cat "$folder/out"
}

expect_none 'what is no profile, or no setting of it, is refused' < <(
	for text in '' : -x 'a b' latency: latency:POLL=1 latency:EF_=1 latency:EF_X \
		latency:EF_X= 'latency:EF_X=1,' latency:EF_X=1,Y=2 ../latency "$(printf 'x%.0s' {1..512})"; do
		ends 2 'expected PROFILE[:EF_NAME=VALUE,...]' trader --onload "$text"
	done
)
expect_none 'what makes no calls on sockets is refused by name' < <(
	for option in '--receive packet' '--receive uring' '--transport uring'; do
		# shellcheck disable=SC2086 # two words
		ends 2 "${option#* }" trader --onload latency $option
	done
)
name='a driver that is not there is named'
if [ -e /dev/onload ]; then
	skip "$name" 'OpenOnload is here'
else
	expect_none "$name" < <(ends 1 \
		'--onload latency: /dev/onload: No such file or directory: its driver is not loaded here' \
		trader --onload latency)
fi

name='where it is, the trader starts anew under it'
if ! unshare --mount true 2>/dev/null; then
	skip "$name" 'mount namespaces are not permitted'
	finish
fi
mkdir "$folder/bin"
# Says that it is there, and what it was told.
"${CC:-cc}" -shared -fPIC -o "$folder/libonload.so" -x c - <<'END' || exit 1
#include <stdio.h>
#include <stdlib.h>
int onload_is_present(void) { return 1; }
__attribute__((constructor)) static void say(void)
{
	if (getenv("EF_POLL_USEC"))
		fprintf(stderr, "polls %s\n", getenv("EF_POLL_USEC"));
	if (getenv("EF_NO_FAIL"))
		fprintf(stderr, "no fail %s\n", getenv("EF_NO_FAIL"));
}
END
# shellcheck disable=SC2317 # called by ends
beside() { # options...
	unshare --mount bash -s "$folder" "$BUILD/t2t-trader" --connect 127.0.0.1:9 \
		--interface lo --receive spin --connect-timeout-ms 1 "$@" >"$folder/out" 2>&1 <<-'END'
			dev=$1/dev PATH=$1/bin:$PATH
			shift
			mkdir -p "$dev"
			for one in null zero full random urandom; do
				: >"$dev/$one" && mount --bind /dev/$one "$dev/$one"
			done
			: >"$dev/onload"
			mount --rbind "$dev" /dev
			"$@" </dev/null
		END
}
expect_none 'its command that is not there is named' < <(
	ends 1 "can't start onload: No such file or directory" beside --onload latency
)
# shellcheck disable=SC2016 # the stand-in expands it
printf '%s\n' '#!/bin/bash' 'echo "onload $1"' 'shift' 'exec "$@"' >"$folder/bin/onload"
chmod +x "$folder/bin/onload"
expect_none 'a command that leaves the library out is found out' < <(
	ends 1 'onload started this without its library' beside --onload latency
)
# shellcheck disable=SC2016
sed -i "s|^exec|LD_PRELOAD=$folder/libonload.so exec|" "$folder/bin/onload"
expect_none "$name, with its profile and settings" < <(
	ends 1 'onload --profile=latency' beside --onload latency:EF_POLL_USEC=-1,EF_X=2
	grep -qx 'polls -1' "$folder/out" || cat "$folder/out"
	grep -q -- '127.0.0.1:9' "$folder/out" || cat "$folder/out"
)
expect_none 'a socket that it has no stack for is no kernel'"'"'s, unless asked for' < <(
	ends 1 'no fail 0' beside --onload latency
	ends 1 'no fail 1' beside --onload latency:EF_NO_FAIL=1
)
finish
