#!/bin/bash
# SPDX-License-Identifier: MIT
# Whoever is killed in the middle of a trial (the runner, an agent, its keeper,
# a program): what the arm turned is back, none of the trial runs on, and no key
# of it is left. Mostly waits: for the bias, and for processes to end.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
# shellcheck source=tests/support/family.bash
. tests/support/family.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 'a trial is killed' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 200000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
# Its orders are encrypted, where this build can.
tls=', "trader": ["--channel", "tls"], "exchange": ["--channel", "tls"]'
"$BUILD/t2t-trader" --channel help | grep -q '^tls .*built without' && tls=''
# The knob is a file, and the feed takes longer than we wait.
cat >"$folder/plan.json" <<-END
	{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
	 "feed": "$folder/feed.csv.gz", "pace": "rate:150", "blocks": 1, "verdict": "none",
	 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
	 "group": "239.255.0.1:12345", "warm_up": 0,
	 "site": {"arms": [{"turns": [{"machine": "trader",
	     "turn": ["sh", "-c", "echo turned >'$folder/knob'; echo '{}'"],
	     "restore": ["sh", "-c", "echo back >'$folder/knob'; echo '{}'"]}]}]},
	 "arms": [{"name": "one", "receive": "block"$tls},
	          {"name": "two", "receive": "block"}],
	 "trials": [{"block": 0, "arm": 0}, {"block": 0, "arm": 1}]}
END

# shellcheck disable=SC2317 # called by within
transmits() {
	grep -qs 'state TRANSMIT' "$folder/result/trials/01-one/exchange.out"
}
# shellcheck disable=SC2317 # called by within
is_back() {
	grep -qxs back "$folder/knob"
}
# What the exchange was told of certificates and keys: files, or their folder.
keys_named() {
	local pid
	pid=$(awk '$2 == "t2t-exchange" { print $1 }' "$folder/family.txt")
	tr '\0' '\n' <"/proc/$pid/cmdline" |
		grep -oE '\<(folder|ca|cert|key)=[^,]*' | cut -d= -f2
}
# A trial under way: family.txt has its processes, keys.txt its keys' names.
begin() {
	rm -rf "$folder/result" "$folder/knob"
	"$BUILD/t2t-run" --campaign "$folder/plan.json" \
		--output "$folder/result" >"$folder/log" 2>&1 &
	run=$!
	within 60 transmits || { cat "$folder/log"; return 1; }
	family $run >"$folder/family.txt"
	keys_named >"$folder/keys.txt"
	[ -z "$tls" ] || xargs ls -L >/dev/null <"$folder/keys.txt" ||
		echo 'no keys were there'
	[ -z "$tls" ] || [ -s "$folder/keys.txt" ] || echo 'no keys were named'
	diff <(echo turned) "$folder/knob"
}
# The keepers come first, exchange's and trader's, each with its agent.
pid_of() { # runner, or name of a process and which of them
	[ "$1" = runner ] && echo $run
	awk -v name="$1" -v which="${2:-1}" \
		'$2 == name && ++n == which { print $1 }' "$folder/family.txt"
}
killed() { # signal, exit code, whom
	local code pid
	begin || return
	kill "-$1" "$(pid_of "${@:3}")"
	wait $run 2>/dev/null
	code=$?
	[ $code = "$2" ] || { echo "exit code $code"; cat "$folder/log"; }
	within 20 is_back || echo 'the knob is not back'
	while read -r pid name; do
		within 20 process_gone "$pid" || echo "$name ($pid) runs on"
	done <"$folder/family.txt"
	xargs -r ls -d 2>/dev/null <"$folder/keys.txt"
}
expect_none 'the runner is killed' < <(killed KILL 137 runner)
expect_none 'the runner is told to end' < <(killed TERM 1 runner)
expect_none "the trader's agent is killed" < <(killed KILL 1 t2t-agent 4)
expect_none "the trader's keeper is killed" < <(killed KILL 1 t2t-agent 3)
expect_none "the exchange's agent is killed" < <(killed KILL 1 t2t-agent 2)
expect_none "the exchange's keeper is killed" < <(killed KILL 1 t2t-agent 1)
expect_none 'the trader is killed' < <(killed KILL 1 t2t-trader)
expect_none 'the exchange is killed' < <(killed KILL 1 t2t-exchange)
finish
