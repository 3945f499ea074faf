#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run conducts a campaign on machines that its plan names: how they are
# reached, what is turned on them, guests that an arm wants otherwise, and one
# that is lost. The machines are network namespaces with a wire between them.
# Takes long: waits for what is lost.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
# shellcheck source=tests/support/two_namespaces.bash
. tests/support/two_namespaces.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
id=$$
trader=t2t-run-t$id exchange=t2t-run-e$id
# shellcheck disable=SC2317 # called by the trap
clean() {
	ip netns delete "$trader" 2>/dev/null
	ip netns delete "$exchange" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT

if ! two_namespaces $exchange $trader wire 10.79.1; then
	skip 'a campaign on machines' 'network namespaces with a name are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 100000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null

cpu=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
# How each is reached: it notes that, and says what login shells say.
cat >"$folder/reach" <<-END
	#!/bin/sh
	echo "\$1" >>"$folder/reached"
	echo "Welcome to \$1!"
	exec ip netns exec "\$2" "$BUILD/t2t-agent" --folder "$folder/\$1"
END
# And by one that reads a password first.
cat >"$folder/reach-asking" <<-END
	#!/bin/sh
	IFS= read -r password
	echo "\$password" >>"$folder/passwords"
	exec "$folder/reach" "\$@"
END
# A knob is a file; what is found can be another thing afterwards.
cat >"$folder/turn" <<-END
	#!/bin/sh
	echo "\$2" >"$folder/\$1.knob"
	echo "{\"set\": [{\"knob\": \"\$1\", \"wanted\": \"\$2\"}], \"found\": {\"\$1\": \"\$2\"}}"
END
cat >"$folder/restore" <<-END
	#!/bin/sh
	found=\$(cat "$folder/\$1.knob")
	echo before >"$folder/\$1.knob"
	echo "{\"found\": {\"\$1\": \"\$found\"}}"
END
cat >"$folder/guests" <<-END
	#!/bin/sh
	echo "\$1" >>"$folder/guests.log"
	echo "[\"\$1\"]" >"$folder/guests.json"
END
chmod +x "$folder"/{reach,reach-asking,turn,restore,guests}

# The other arm's orders are encrypted, where this build can.
tls=', "trader": ["--channel", "tls"], "exchange": ["--channel", "tls"]'
"$BUILD/t2t-trader" --channel help | grep -q '^tls .*built without' && tls=''

turn() { # machine, value
	echo "{\"machine\": \"$1\", \"where\": \"$1\",
		\"turn\": [\"$folder/turn\", \"$1\", \"$2\"],
		\"restore\": [\"$folder/restore\", \"$1\"]}"
}
# The programs' folders are those of the agents, made by them.
plan() { # pace, words before the trader's connection: a name of a file
	rm -f "$folder"/{reached,passwords,guests.log,*.knob}
	echo '["as it is"]' >"$folder/guests.json"
	cat >"$folder/plan.json" <<-END
		{"schema": "t2t-lab-plan/1", "place": "metal", "accelerator": "none",
		 "feed": "$folder/feed.csv.gz", "pace": "$1", "blocks": 1, "verdict": "none",
		 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
		 "group": "239.255.0.1:12345", "warm_up": 0,
		 "arms": [{"name": "one", "receive": "block"},
		          {"name": "two", "receive": "block"$tls},
		          {"name": "one-again", "receive": "block"}],
		 "trials": [{"block": 0, "arm": 0}, {"block": 0, "arm": 1},
		            {"block": 0, "arm": 2}],
		 "site": {
		  "machines": [
		   {"name": "exchange", "folder": "$folder/exchange",
		    "connect": ["$folder/reach", "exchange", "$exchange"],
		    "bring": ["$folder/feed.csv.gz", "a feed.gz"]},
		   {"name": "trader", "folder": "$folder/trader",
		    "password": $([ "$2" = reach ] && echo false || echo true),
		    "connect": ["$folder/$2", "trader", "$trader"]},
		   {"name": "host", "folder": "$folder/host",
		    "connect": ["$folder/reach", "host", "$exchange"]}],
		  "seats": {
		   "exchange": {"machine": "exchange", "programs": "$BUILD",
		    "interface": "wire", "listen": "10.79.1.1:9012",
		    "feed": "$folder/exchange/a feed.gz",
		    "more": ["--settle-ms", "0"]},
		   "wiretap": {"machine": "exchange", "programs": "$BUILD",
		    "interface": "wire", "cpus": "$cpu"},
		   "trader": {"machine": "trader", "programs": "$BUILD",
		    "interface": "wire"}},
		  "bias": {"machine": "trader", "turn": ["false"],
		   "frames": "10", "rate": "1000"},
		  "guests": {"machine": "exchange", "found": "$folder/guests.json",
		   "back": ["$folder/guests", "back"]},
		  "ran": {"host": {"hostname": "elsewhere"}, "lab": {"qemu": "none"},
		   "programs": {"t2t-trader": {"machine": "trader"}}},
		  "arms": [
		   {"turns": [$(turn trader 1), $(turn exchange 2), $(turn host 5)]},
		   {"turns": [$(turn trader 3), $(turn exchange 4), $(turn host 5)],
		    "guests": ["$folder/guests", "two"]},
		   {"turns": [$(turn trader 1), $(turn exchange 2), $(turn host 5)]}]}}
	END
}
run() { # result, arguments...
	"$BUILD/t2t-run" --campaign "$folder/plan.json" \
		--output "$folder/$1" "${@:2}" >"$folder/out" 2>"$folder/err"
	code=$?
}
# shellcheck disable=SC2317 # called by check
shown() {
	echo "exit code $code"
	cat "$folder"/{out,err}
}

plan rate:20000 reach
run one
check 'each trial of each arm is right' test "$code" = 0
check 'a machine is reached once, and anew when the guests are others' \
	diff <(printf '%s\n' trader exchange host trader host trader host) \
	"$folder/reached"
expect_none 'guests are started for the arm that wants them, and put back' \
	< <(diff <(printf '%s\n' two back) "$folder/guests.log" 2>&1)
expect_none 'what was turned, wanted and found, stands with the trial' < <(
	jq -c '.found.knobs | [.guests[], (.turned[] |
		.where, .set[0].wanted, .found[], .after[])]' \
		"$folder"/one/trials/*/trial.json | diff - <(cat <<-'END'
			["as it is","trader","1","1","1","exchange","2","2","2","host","5","5","5"]
			["two","trader","3","3","3","exchange","4","4","4","host","5","5","5"]
			["back","trader","1","1","1","exchange","2","2","2","host","5","5","5"]
		END
		))
expect_none 'and all is back' < <(
	diff <(cat "$folder"/{trader,exchange,host}.knob) <(printf 'before\n%.0s' 1 2 3)
	ip netns pids $trader
	ip netns pids $exchange)
check 'the manifest has what ran there, and not how it is reached' jq -e '
	.host == {hostname: "elsewhere"} and .lab.qemu == "none" and
	.programs["t2t-trader"].machine == "trader" and
	(.programs["t2t-run"] | has("sha256")) and
	.wanted.cpus == {exchange: null, wiretap: "'"$cpu"'", trader: null} and (.experiment | has("site") | not) and
	(has("machine") | not) and (.knobs | length) == 9' \
	"$folder/one/manifest.json"
check 'a bias that can not be measured is told' \
	grep -q "the wire can't be looped" "$folder/err"
expect_none 'keys are gone from where they were brought, and their log is private' < <(
	find "$folder"/{exchange,trader,one} -name '*.pem' -o -name '*.key'
	[ -z "$tls" ] || find "$folder/one/trials" -name keys.log -printf '%P %m\n' |
		diff <(echo '02-two/keys.log 600') -)
check 'the counters are those of the trader' jq -e '
	.counters.after["Udp.InDatagrams"] > .counters.before["Udp.InDatagrams"]' \
	"$folder/one/trials/02-two/trial.json"

plan rate:20000 reach-asking
run two --passwords <<<'{"trader": "open  sesame\\"}'
check 'a password is the first line, for who wants one' test "$code" = 0
expect_none 'as it is' < <(sort -u "$folder/passwords" |
	diff - <(printf '%s\n' "open  sesame\\"))
run three --passwords <<<'[]'
check 'what is no object of passwords is refused' \
	grep -q -- '--passwords: stdin' "$folder/err"

# Somebody else turns the knob while the trial runs.
plan rate:2000 reach
(
	# shellcheck disable=SC2317 # called by within
	on() { grep -qx 3 "$folder/trader.knob"; }
	within 60 on && echo 99 >"$folder/trader.knob"
) 2>/dev/null &
run moved
wait
check 'a knob that moved spoils its trial, which is made again' jq -es '
	map(select(.analysis.knobs_moved == ["trader"])) | length == 1' \
	"$folder"/moved/{trials,void}/*/trial.json
check 'and its block' test "$(find "$folder/moved/void" -name trial.json | wc -l)" = 3

# One that is no part of the trial's traffic, which goes on for a minute.
plan rate:50 reach
run beside &
pid=$!
# shellcheck disable=SC2317 # called by within
on() { grep -q 'state TRANSMIT' "$folder/exchange/exchange.out" 2>/dev/null; }
rm -f "$folder/exchange/exchange.out"
within 60 on
pkill -KILL -f -- "--folder $folder/host"
# shellcheck disable=SC2317 # called by within
over() { ! kill -0 $pid 2>/dev/null; }
within 30 over
check 'a machine that is lost ends the wait for another one' \
	grep -q 'the agent of host has ended' "$folder/err"
! over || pid=
[ -z "$pid" ] || kill "$pid"
wait

# The runner is killed where keys have been brought.
plan rate:50 reach
sed -i 's/"block": 0, "arm": 0}, {"block": 0, "arm": 1}/"block": 0, "arm": 1}, {"block": 0, "arm": 0}/' \
	"$folder/plan.json"
"$BUILD/t2t-run" --campaign "$folder/plan.json" --output "$folder/killed" \
	>"$folder/out" 2>"$folder/err" &
pid=$!
rm -f "$folder/exchange/exchange.out"
within 60 on
brought() {
	find "$folder"/{exchange,trader} -name '*.pem' -o -name '*.key' | sort
}
there=$(brought)
kill -KILL $pid
wait $pid 2>/dev/null
# shellcheck disable=SC2317 # called by within
none_is() { [ -z "$(brought)" ]; }
within 20 none_is
expect_none 'keys were brought, and are gone when the runner is killed' < <(
	[ -z "$tls" ] || diff <(printf "$folder/%s\n" exchange/{ca,exchange}.pem \
		trader/{ca,trader}.pem exchange/exchange.key trader/trader.key | sort) \
		<(echo "$there")
	brought)
# shellcheck disable=SC2317 # called by within
quiet() { [ -z "$(ip netns pids "$exchange"; ip netns pids "$trader")" ]; }
within 20 quiet

# The exchange's connection breaks in mid-trial.
plan rate:500 reach
run lost &
pid=$!
rm -f "$folder/exchange/exchange.out"
within 60 on
# Those that end by themselves meanwhile are as well gone.
ip netns pids $exchange | xargs kill -KILL 2>/dev/null
wait $pid
check 'a machine that is lost is named' \
	grep -q 'the agent of exchange has ended' "$folder/err"
expect_none 'and the other one has its knobs back, and runs nothing' < <(
	diff "$folder/trader.knob" <(echo before)
	ip netns pids $trader)
check 'the manifest says that it failed' \
	test "$(jq -r .state "$folder/lost/manifest.json")" = failed
sed -i 's/"rate:500"/"rate:20000"/' "$folder/plan.json"
run lost --resume
check 'with another plan nobody goes on with it' \
	grep -q 'was begun with another plan' "$folder/err"
sed -i 's/"rate:20000"/"rate:500"/; s/Welcome/Hello/' "$folder/plan.json" "$folder/reach"
sed -i 's|"connect": \["[^"]*/reach", "trader"|"connect": ["sh", "'"$folder"'/reach", "trader"|' \
	"$folder/plan.json"
run lost --resume
check 'with the same, however reached, one does' \
	test "$code $(jq -r .state "$folder/lost/manifest.json")" = '0 complete'

sed -i 's|"connect": \["sh"|"connect": ["/nonexistent"|' "$folder/plan.json"
run away
check 'one that can not be reached is named' \
	grep -q 'the agent of trader has ended' "$folder/err"
finish
