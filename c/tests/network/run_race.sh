#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run --verdict: a race of arms to its end, and campaigns that are to tell
# nothing. Takes long: campaigns to their ends.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/campaign.bash
. tests/support/campaign.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run --verdict' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 8000 --seed 3 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >/dev/null

# Not a verdict of a busy machine's: 2 and 6 ms an order.
slow=block@handicap=2000000 slower=block@handicap=6000000
name='a race ends with the best, and who is slower runs no more'
if run best --blocks 6 --verdict best --arms "$slow block" &&
	[ "$(said best summary '.race.end')" = best ] &&
	[ "$(said best summary '.race.left | join(" ")')" = block ] &&
	[ "$(said best manifest '.state')" = complete ] &&
	grep -q '^race: the best is block, of 2$' "$folder/out"; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi
name='those alike are left, without the one that is slower'
if run left --blocks 11 --until equivalent:0.01 --verdict best --arms "$slower $slow $slow" &&
	[ "$(said left summary '.race.end')" = open ] &&
	[ "$(said left summary '.race.left | join(" ")')" = "$slow $slow" ] &&
	grep -q "^race: undecided among $slow and $slow; 1 other is out$" "$folder/out"; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi
name='who is out has a trial in each block until then, and none later'
expect_none "$name" < <(
	# The baseline, which is out at the first look, takes its repetition
	# along.
	for arm in 0 3; do
		jq -r ".arm" "$folder"/left/trials/*/trial.json | grep -cx "$arm" |
			diff - <(said left manifest ".parameters.until.out[] | select(.arm == $arm).after")
	done
	for arm in 1 2; do
		jq -r ".arm" "$folder"/left/trials/*/trial.json | grep -cx "$arm" |
			diff - <(said left manifest .parameters.blocks)
	done
)
name='a report made later says the same'
if "$BUILD/t2t-report" --result "$folder/left" --markdown "$folder/text.md" \
	--html "$folder/page.html" >"$folder/later" 2>&1; then
	expect_none "$name" < <(
		diff <(grep -E '^race|out after|against' "$folder/out") \
			<(grep -E '^race|out after|against' "$folder/later")
		grep -q "undecided among block" "$folder/text.md" || echo text.md
		grep -q 'race: <strong>undecided among block' "$folder/page.html" ||
			echo page.html
	)
else
	fail "$name" <"$folder/later"
fi

name='figures alone need no number of blocks'
if run figures --blocks 1 --verdict none --arms block; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi
name='so few blocks that nobody asked a verdict of are told of'
if run few --blocks 1 --arms 'block spin' &&
	grep -q -- '--blocks 1: they can decide nothing: figures alone; a verdict needs at least 6' \
		"$folder/log" &&
	grep -q 'too few blocks' "$folder/out"; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi
expect_none 'what could tell nothing is refused' < <(
	refused() { # text, arguments...
		local text=$1
		shift
		run refused "$@" && echo "ran: $*"
		grep -qF -- "$text" "$folder/log" ||
			{ echo "wanted '$text' of: $*" && cat "$folder/log"; }
		[ ! -e "$folder/refused" ] || echo "made a result of: $*"
	}
	refused '--blocks 5: they can decide nothing: at least 6 are needed; for figures alone say --verdict none' \
		--blocks 5 --verdict each
	refused '--until best: 8 blocks can decide nothing: at least 9 are needed' \
		--verdict best --arms 'block spin busy mmsg epoll'
	refused '--verdict best: there is one arm alone' --verdict best --arms block
	refused "--verdict: 'worst': expected each, best or none" --verdict worst
	refused '--blocks 15: they can decide nothing: at least 16 are needed' \
		--blocks 15 --judge p99
	refused "--judge: 'p98': expected p50, p99" --judge p98
	refused '--verdict best: is by p50' --verdict best --judge p99
	refused '--until decided: needs a verdict' --verdict none --until decided
)
finish
