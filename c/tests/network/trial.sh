#!/bin/bash
# SPDX-License-Identifier: MIT
# What makes a trial worthless is found out, and what slows a trader down is
# seen by the wiretap: t2t-run beside programs that a script has spoilt.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz" >/dev/null

# The programs in a folder of their own, one of them in the script's hands.
programs() { # folder, program, line of shell that runs it as $real
	local program
	mkdir "$1"
	for program in run agent frames exchange wiretap trader; do
		cp "$BUILD/t2t-$program" "$1/"
	done
	mv "$1/$2" "$1/real"
	printf '#!/bin/bash\nreal=%s/real\n%s\n' "$1" "$3" >"$1/$2"
	chmod +x "$1/$2"
}

run() { # folder of the programs, result, argument...
	"$1/t2t-run" --feed "$folder/feed.csv.gz" --blocks 1 --verdict none --pace rate:2000 \
		--output "$folder/$2" "${@:3}" >"$folder/$2.out" 2>"$folder/$2.err"
}

shown() { # result
	tail -n 20 "$folder/$1.out" "$folder/$1.err"
}

# shellcheck disable=SC2016 # for the script that is made
programs "$folder/with-lossy" t2t-wiretap \
	'exec 3> >(sed -u "s/ captured, 0 dropped/ captured, 7 dropped/" >&2)
	sed=$!
	"$real" "$@" 2>&3 3>&- &
	wiretap=$!
	trap "kill $wiretap" INT TERM
	exec 3>&-
	# A signal ends the first one.
	wait $wiretap
	wait $wiretap
	code=$?
	wait $sed
	exit $code'
name='a trial whose wiretap dropped frames is not correct'
run "$folder/with-lossy" lossy --arms spin
code=$?
good=$(jq -s 'map(select(.analysis.tap_dropped == 7 and .analysis.correct != true
	and .analysis.matched > 0 and .analysis.missing == 0)) | length' \
	"$folder"/lossy/trials/*/trial.json)
all=$(find "$folder/lossy/trials" -name trial.json | wc -l)
if [ $code -ne 0 ] && [ "$all" -gt 0 ] && [ "$good" -eq "$all" ] &&
	[ "$(jq 'del(.back_to_back) | [.. | .correct? // empty | select(. == true)] | length' \
		"$folder/lossy/summary.json")" -eq 0 ]; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code, $good of $all"; shown lossy)
fi

name='a program that is not on its CPU ends the campaign, named'
if [ "$(nproc)" -lt 2 ]; then
	skip "$name" 'this machine has one CPU'
else
	# shellcheck disable=SC2016
	programs "$folder/with-astray" t2t-exchange 'exec taskset -c 0 "$real" "$@"'
	run "$folder/with-astray" astray --arms spin --cpus 1,1,1
	if [ $? -eq 1 ] &&
		grep -q 'exchange: requested CPUs 1, got 0' "$folder/astray.err" &&
		! grep -q '"state": "complete"' "$folder/astray/manifest.json"; then
		pass "$name"
	else
		fail "$name" < <(shown astray)
	fi
fi

name='each program runs on the CPU that was asked for'
# shellcheck disable=SC2016
programs "$folder/with-plain" t2t-trader 'exec "$real" "$@"'
run "$folder/with-plain" pinned --arms spin --cpus 0,0,0
code=$?
found=$(jq -sc 'map(.found.cpus | .exchange, .wiretap, .trader) | unique' \
	"$folder"/pinned/trials/*/trial.json)
if [ $code -eq 0 ] && [ "$found" = '["0"]' ]; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code, $found"; shown pinned)
fi

# Never less than that, whatever else the machine does; from the wire, outside
# of the trader, and between its own stamps.
name='@handicap= lies between decision and send of each order, and on the wire'
run "$folder/with-plain" slow --arms 'spin spin@handicap=20000000'
code=$?
least() { # file, the two columns whose difference it is
	local trial
	for trial in "$folder"/slow/trials/*/; do
		[ "$(jq .arm "$trial/trial.json")" = 1 ] || continue
		tail -n +2 "$trial/$1"
	done | awk -F, -v from="$2" -v to="$3" '
		{ ns = $to - $from; if (NR == 1 || ns < least) least = ns }
		END { print NR ? least : -1 }'
}
wire=$(least latencies.csv 2 3)
inside=$(least samples.csv 4 5)
if [ $code -eq 0 ] && [ "$wire" -ge 20000000 ] && [ "$inside" -ge 19900000 ]; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code, least $wire and $inside"; shown slow)
fi

name='the known bias is that of frames that came back, or said to be missing'
bias=$(jq -c '.back_to_back.back_to_back_ns // empty' "$folder/slow/summary.json")
if [ -s "$folder/slow/bias/analysis.json" ]; then
	if jq -e '.count > 1000 and .min > 0 and .p50 >= .min and .max >= .p99' \
		<<<"$bias" >/dev/null &&
		grep -q 'known bias: the wire looped back' "$folder/slow.out"; then
		pass "$name"
	else
		fail "$name" <<<"$bias"
	fi
elif [ -z "$bias" ] && grep -q 'known bias: not measured' "$folder/slow.out" &&
	grep -q 'bias is not measured: ' "$folder/slow.err"; then
	pass "$name"
else
	fail "$name" < <(echo "$bias"; shown slow)
fi
finish
