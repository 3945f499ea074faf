#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make install` puts into a folder works without the tree: the programs,
# bash's completion, a formatter made from the header alone. `make uninstall`
# takes that away, and nothing else.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
tree=$PWD
folder=$(mktemp -d)
exchange=
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ -z "$exchange" ] || kill "$exchange" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT
# With a blank in it.
root="$folder/a root"

# The choice that the build was made by, and its version: nothing is made anew.
choice=$(cat "$BUILD/choice")
verb() { # verb, setting...
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C "$tree" \
		BUILD="$BUILD" CONFIGURE="${choice% *}" VERSION="$(cat "$BUILD/version")" \
		"$@" >"$folder/out" 2>&1 </dev/null
}
files() {
	(cd "$root" && find . ! -type d | sort)
}

mkdir -p "$root/opt/t2t/bin"
echo theirs >"$root/opt/t2t/bin/theirs"
if verb install DESTDIR="$root" PREFIX=/opt/t2t; then
	pass 'make install'
else
	fail 'make install' <"$folder/out"
	finish
fi
bin="$root/opt/t2t/bin"
share="$root/opt/t2t/share"
mkdir "$folder/elsewhere"
cd "$folder/elsewhere" || exit

each_runs() {
	local program name option
	for program in "$BUILD"/t2t-*; do
		name=$(basename "$program")
		[[ $name != *.* ]] || continue
		for option in --version --help; do
			"$bin/$name" $option >/dev/null || echo "$name $option ended with $?"
		done
		grep -q '^\.TH' "$share/man/man1/$name.1" || echo "$name has no man page"
	done
}
expect_none 'each program runs from where it was installed' < <(each_runs)

same() { # name, expected, got
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" <<<"expected '$2', got '$3'"
	fi
}
# What bash would put in the place of the word that it completes.
complete_line() { # program, line
	bash -c '
		. "$1/bash-completion/completions/$2" || exit
		COMP_LINE=$3 COMP_POINT=${#3}
		_t2t "$2"
		printf "%s\n" "${COMPREPLY[@]}"
	' complete "$share" "$1" "$2" | paste -sd' '
}
completes() { # line, expected
	same "completed: $1" "$2" "$(complete_line "${1%% *}" "$1")"
}
completes 't2t-trader --thr' '--threshold-usd'
completes 't2t-trader --receive sp' 'spin'
completes 't2t-trader --receive=sp' 'spin'
completes 't2t-trader --receive uring:mode=si' 'single'
completes 't2t-trader --receive spin:rcvb' 'rcvbuf='
completes 't2t-trader --receive spin:busy_poll=5,rcvb' '5,rcvbuf='
completes 't2t-trader --transport zero' 'zerocopy'
completes 't2t-trader --channel r' 'raw'
completes 't2t-trader --aggress s' 'same'
completes 't2t-trader --interface lo --aggr' '--aggress'
completes 't2t-exchange --send sendm' 'sendmmsg'
completes 't2t-trader --connect ' ''
same 'completed: an interface' lo "$(complete_line t2t-trader 't2t-trader --interface l' |
	grep -ow lo)"
touch feed.gz
completes 't2t-exchange --feed fe' 'feed.gz'

export PKG_CONFIG_PATH="$root/opt/t2t/lib/pkgconfig"
formatter() {
	# The prefix is below DESTDIR here. pkg-config quotes for a shell.
	local flags
	eval "flags=($(pkg-config --cflags t2t-lab \
		--define-variable=prefix="${root// /\\ }/opt/t2t"))"
	cc -Wall -Wextra -Werror -O2 -fPIC -shared "${flags[@]}" -o mine.so \
		"$share/doc/t2t-lab/line_format_example.c"
}
name='a formatter is made of what was installed, and the exchange takes it'
if ! command -v cc >/dev/null || ! command -v pkg-config >/dev/null; then
	skip "$name" 'no C compiler (cc) or no pkg-config here'
elif ! formatter >out 2>&1; then
	fail "$name" <out
else
	printf 'bid 61800.1 2.5\nask 61800.2 1\n' | gzip >feed.gz
	"$bin/t2t-exchange" --feed feed.gz --format ./mine.so --interface lo \
		--listen 127.0.0.1:9019 2>exchange.err &
	exchange=$!
	"$bin/t2t-trader" --connect 127.0.0.1:9019 --interface lo --json \
		>trader.out 2>trader.err
	code=$?
	if [ $code -eq 0 ] && grep -q '"messages": 2\b' trader.out; then
		pass "$name"
	else
		fail "$name" < <(echo "t2t-trader ended with $code"
			cat trader.out trader.err exchange.err)
	fi
fi

verb uninstall DESTDIR="$root" PREFIX=/opt/t2t
same 'make uninstall leaves what is of others' './opt/t2t/bin/theirs' "$(files)"
expect_none 'and no folder of its own' < <(find "$root" -name '*t2t-lab*')
finish
