#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run --until: a campaign that looks at itself, and what its results say.
# Takes long: campaigns to their ends.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/campaign.bash
. tests/support/campaign.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run --until' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >/dev/null

name='what is plain ends at a look, long before its last block'
# Not a verdict of a busy machine's: 2 ms an order.
if run plain --blocks 60 --until decided --arms 'block block@handicap=2000000' &&
	[ "$(said plain summary '.comparisons[0].call')" = slower ] &&
	[ "$(said plain manifest '.state')" = complete ] &&
	grep -q '^until     decided: ended by decided, of at most 60 blocks; look' \
		"$folder/out"; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi
name='and what it has done is what its plan had for that look'
# shellcheck disable=SC2016 # jq expands it
at=$(said plain manifest '.parameters.until as $u | $u.looks[$u.taken - 1]')
expect_none "$name" < <(
	diff <(said plain manifest '.parameters.blocks') - <<<"$at"
	diff <(find "$folder/plain/trials" -name trial.json | wc -l) - <<<$((3 * at))
	[ "$at" -lt 60 ] || echo "$at blocks"
	said plain manifest '.parameters.until.alpha * (.parameters.until.looks | length) |
		select(. > 0.05000001)'
	diff <(said plain summary '.statistics.alpha') \
		<(said plain manifest '.parameters.until.alpha')
)
expect_none 'its first blocks say what it will find, and its result keeps that' < <(
	for file in log out; do
		grep -qE '^plan +by its first 5 blocks: 60 blocks find [0-9.]+ % in 9 of 10; ' \
			"$folder/$file" || { echo "$file:" && cat "$folder/$file"; }
	done
	grep -qE '^plan .*; as it was, [0-9.]+ %$' "$folder/out" || cat "$folder/out"
	# Of one trial: longer than its data, and what it differs by is all of it.
	said plain summary '.plan | select((.trial_s > .data_s and .pilot == 5 and
		(.share | add) > 0.999 and (.share | add) < 1.001) | not)'
)
name='a report made later says the same'
if "$BUILD/t2t-report" --result "$folder/plain" >"$folder/later" 2>&1; then
	expect_none "$name" < <(
		diff <(grep -E '^until|^plan|against' "$folder/out") \
			<(grep -E '^until|^plan|against' "$folder/later")
	)
else
	fail "$name" <"$folder/later"
fi

# Both wait 2 ms an order: beside that a busy machine's own noise is little.
name='what is no different within 50 % is equivalent'
slow=block@handicap=2000000
if run same --blocks 60 --until equivalent:50 --arms "$slow $slow" &&
	[ "$(said same summary '.comparisons[0].call')" = equivalent ] &&
	grep -q 'equivalent within 50 %' "$folder/out"; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi

name='time that is up ends it after the block that has begun'
if run late --blocks 1000 --until 0.1 --arms 'block block' &&
	[ "$(said late manifest '.parameters.blocks')" = 1 ] &&
	[ "$(said late manifest '.parameters.until.ended')" = time ] &&
	[ "$(said late manifest '.state')" = complete ]; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/log" "$folder/out")
fi

expect_none 'what could decide nothing, or is no end, is refused' < <(
	refused() { # text, arguments...
		local text=$1
		shift
		run refused "$@" && echo "ran: $*"
		grep -qF -- "$text" "$folder/log" ||
			{ echo "wanted '$text' of: $*" && cat "$folder/log"; }
		[ ! -e "$folder/refused" ] || echo "made a result of: $*"
	}
	refused '--until decided: 5 blocks can decide nothing: at least 6 are needed' \
		--blocks 5 --until decided
	refused "--until: 'soon': expected decided" --until soon
	refused "--until: 'equivalent:0': " --until equivalent:0
)
finish
