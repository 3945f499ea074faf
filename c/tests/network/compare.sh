#!/bin/bash
# SPDX-License-Identifier: MIT
# Code against code: c/compare-builds makes both sides, and each trial draws a
# layout. Takes long: both are built.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export LAYOUTS=2
# What it builds goes with the folder.
mkdir "$folder/build"
ln -s "$BUILD"/t2t-* "$folder/build"

# A tree whose make takes what is built here, and compiles one file of its own.
tree() { # name
	mkdir -p "$folder/$1/c/programs"
	cp programs/trader.c "$folder/$1/c/programs"
	# shellcheck disable=SC2016 # make expands it
	printf '%s\n' "include $BUILD/config.mk" \
		'$(BUILD)/t2t-trader: ; @CC="$(CC)" FLAGS="-std=gnu17 -D_GNU_SOURCE -I. -pthread $(OPTIMISE) $(DEPENDENCY_FLAGS) $(CFLAGS)" bash make.sh $(abspath $(@D))' \
		>"$folder/$1/c/Makefile"
	cat >"$folder/$1/c/make.sh" <<-END
		set -eu
		mkdir -p "\$1"
		cd "$BUILD"
		find . -name tests -prune -o -name '*san' -prune -o -name compare -prune \
			-o -name guest -prune -o \( -name '*.o' -o -name config.mk \) -print |
			tar -cf - -T - | tar -xf - -C "\$1"
		cd "$PWD"
		\$CC \$FLAGS -c -o "\$1/programs/trader.o" "$folder/$1/c/programs/trader.c"
		touch "\$1/t2t-trader"
	END
}
compare() { # A, B, arguments...
	./compare-builds "$folder/build" "$@" --output "$folder/result" >"$folder/out" \
		2>"$folder/log"
}
refused() { # text, A, B
	local text=$1
	shift
	compare "$@" --feed "$folder/feed.csv.gz" && echo "ran: $*"
	grep -qF -- "$text" "$folder/log" ||
		{ echo "wanted '$text' of: $*" && cat "$folder/log"; }
	[ ! -e "$folder/result" ] || echo "made a result of: $*"
}

tree one
tree other
tree broken
sed -i 's/^int main/int no main/' "$folder/broken/c/programs/trader.c"
expect_none 'what is no build is refused by name' < <(
	mkdir "$folder/empty"
	refused 'nosuchrevision: no revision here' nosuchrevision path:.
	refused "path:$folder/empty: no c/Makefile in it" "path:$folder/empty" path:.
	refused "path:$folder/none: there is none" "path:$folder/none" path:.
	refused "make ended with 2" "path:$folder/broken" path:.
	refused "A: path:$folder/broken could not be built" "path:$folder/broken" path:.
	LAYOUTS=0 refused 'LAYOUTS=0: expected 1 to 32' "path:$folder/one" path:.
	run() { "$BUILD/t2t-run" --feed /dev/null --output "$folder/result" "$@"; }
	run --builds "x=$folder/empty" 2>&1 |
		grep -qF "no t2t-trader in $folder/empty" || echo 'an empty folder'
	run --builds 'x' 2>&1 | grep -qF 'expected NAME=FOLDER' || echo 'no folder'
	run --arms spin@build=x 2>&1 | grep -qF '@build=NAME of --builds' ||
		echo 'a build that was not named'
)

name='a build whose flags have it wait before it sends is found'
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip "$name" 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >/dev/null
# Two milliseconds: more than a busy machine's own. B_CFLAGS says how long:
# without them it does not build.
awk 'NR == 1 { print "#define TEXT_OF(name) #name\n#define TEXT(name) TEXT_OF(name)" }
	/"inject-delay-ns"/ { inside = 1 }
	inside && /\.def = "0"/ { sub(/"0"/, "TEXT(DELAY_NS)"); inside = 0 }
	{ print }' programs/trader.c >"$folder/other/c/programs/trader.c"
if cmp -s programs/trader.c "$folder/other/c/programs/trader.c"; then
	fail "$name" <<<'nothing was changed in programs/trader.c'
	finish
fi
if B_CFLAGS=-DDELAY_NS=2000000 compare "path:$folder/one" \
	"path:$folder/other" --blocks 8 --until decided \
	--feed "$folder/feed.csv.gz" --seed 1 &&
	[ "$(jq -r '.comparisons[0].call' "$folder/result/summary.json")" = slower ]; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi
expect_none 'each side ran in each of its layouts, with an environment that varies' < <(
	cat "$folder"/result/trials/*/trial.json |
		jq -r 'select(.arm < 2) | "\(.arm) \(.build.program)"' |
		sed 's,/.*/,,' | sort -u | diff - <(printf '%s\n' {0,1}' t2t-trader-'{1,2})
	[ "$(cat "$folder"/result/trials/*/trial.json | jq '.build.padding' |
		sort -u | wc -l)" -gt 10 ] || echo 'the padding is the same'
	[ "$(cat "$folder"/result/trials/*/trial.json |
		jq -r '.build.program' | xargs -n 1 dirname | sort -u | wc -l)" = 2 ] ||
		echo 'both sides ran the same'
	for one in "$folder"/build/compare/path-*/programs; do
		cmp -s "$one/t2t-trader-1" "$one/t2t-trader-2" &&
			echo 'both layouts are one'
	done
)
finish
