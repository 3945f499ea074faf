#!/bin/bash
# SPDX-License-Identifier: MIT
# Arms whose traders are so slow that their sockets run over: incorrect, and
# table, page and test report say that it comes of that; the second oracle says
# the same.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run with a slow trader' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 60000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
arm() { # name, channel
	cat <<-END
		{"name": "$1", "receive": "spin:rcvbuf=8k",
		 "trader": ["--inject-delay-ns", "5000000", "--channel", "$2"],
		 "exchange": ["--channel", "$2"]}
	END
}
cat >"$folder/plan.json" <<-END
	{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
	 "feed": "$folder/feed.csv.gz", "pace": "rate:5000", "blocks": 1, "verdict": "none",
	 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
	 "group": "239.255.0.1:12345", "warm_up": 0,
	 "arms": [$(arm raw raw), $(arm wss tls:inner=ws), $(arm fix fix),
	          $(arm raw-again raw)]}
END
"$BUILD/t2t-run" --campaign "$folder/plan.json" --output "$folder/result" \
	>"$folder/out" 2>&1
code=$?
name='each trial is incorrect, since its trader lacked something, and right by the rest'
if [ $code -eq 1 ] && [ "$(jq -s 'map(select(.analysis | .correct == false and
	.lacked.correct == true and .lacked.packets > 0 and
	.lacked.matched == .orders)) | length' \
	"$folder"/result/trials/*/trial.json)" = 4 ]; then
	pass "$name"
else
	fail "$name" < <(
		echo "exit $code"
		cat "$folder/out"
		jq -c '.analysis | .correct, .reason, .lacked' \
			"$folder"/result/trials/*/trial.json
	)
fi
why='the trader says that it lacked [0-9]* packets that were sent to it: by the others its orders are right'
mkdir "$folder/files"
"$BUILD/t2t-report" "$folder/result" --files "$folder/files" \
	--html "$folder/files/page.html" >"$folder/text" 2>&1
expect_none 'which the report says of each trial' < <(
	[ "$(grep -c "^incorrect trial [1-4], .*: $why" "$folder/text")" = 4 ] ||
		cat "$folder/text"
	[ "$(grep -c "wrong; $why" "$folder/files/page.html")" -ge 4 ] ||
		echo 'not the page'
	[ "$(grep -c "wrong orders; $why" "$folder/files/junit.xml")" = 4 ] ||
		cat "$folder/files/junit.xml"
)
name='what can be read but once is judged all the same'
trial=$(echo "$folder"/result/trials/*-raw)
# shellcheck disable=SC2002 # it is to come by a pipe
if cat "$trial/capture.pcapng" | "$BUILD/t2t-wiretap" --read /dev/stdin --json \
	--trader "$trial/trader.json" >"$folder/once" 2>"$folder/said" &&
	grep -q 'what the trader lacked can.t be judged' "$folder/said" &&
	jq -e '.complete and .correct == false and .lacked.packets > 0 and
		.lacked.correct == null' "$folder/once" >/dev/null; then
	pass "$name"
else
	fail "$name" < <(
		cat "$folder/said"
		jq -c '.complete, .correct, .reason, .lacked' "$folder/once"
	)
fi
if command -v python3 >/dev/null; then
	name='and the second oracle, too'
	if python3 -B verify/verify.py "$folder/result" >"$folder/verify" 2>&1 &&
		[ "$(grep -c ' datagrams, ' "$folder/verify")" = 4 ]; then
		pass "$name"
	else
		fail "$name" <"$folder/verify"
	fi
fi

finish
