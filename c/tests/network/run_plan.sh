#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run by a plan: its trials are taken as they stand, and who makes a plan is
# told an order for them.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

order() {
	"$BUILD/t2t-run" --order "$1" 2>&1
	echo "exit $?"
}
expect_none 'an order is told: the same for the same seed' < <(
	diff <(order 3,2,1) - <<-'END'
		{"order":[[0,2,1],[2,1,0]],"blocks_needed":6,"best_needed":6,"tail_needed":16,"block_tries":3}
		exit 0
	END
)
expect_none 'what is no order is refused' < <(
	for text in '' 3 3,2 0,2,1 17,2,1 3,0,1 3,1001,1 -3,2,1 '3,2,1,'; do
		order "$text" | tail -n 1 | grep -vx 'exit 2' && echo "'$text'"
	done
)
expect_none 'without an output nothing is run' < <(
	diff <("$BUILD/t2t-run" --feed /dev/null 2>&1; echo "exit $?") - <<-'END'
		t2t-run: error: --output is required
		exit 2
	END
)

name="trials run in the plan's order, not in one drawn from its seed"
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip "$name" 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
# Of two arms a square has each once at the first place.
cat >"$folder/plan.json" <<-END
	{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
	 "feed": "$folder/feed.csv.gz", "pace": "rate:2000", "blocks": 2, "verdict": "none",
	 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
	 "group": "239.255.0.1:12345", "warm_up": 0,
	 "arms": [{"name": "one", "receive": "block"},
	          {"name": "two", "receive": "block"}],
	 "trials": [{"block": 0, "arm": 1}, {"block": 0, "arm": 0},
	            {"block": 1, "arm": 1}, {"block": 1, "arm": 0}]}
END
if "$BUILD/t2t-run" --campaign "$folder/plan.json" --output "$folder/result" \
	>"$folder/log" 2>&1; then
	expect_none "$name" < <(
		diff <(cd "$folder/result/trials" && echo ./*) - \
			<<<'./01-two ./02-one ./03-two ./04-one'
	)
else
	fail "$name" <"$folder/log"
fi

name='an encrypted arm is judged, and its keys are in no result'
if "$BUILD/t2t-trader" --channel help | grep -q '^tls .*built without'; then
	skip "$name" 'built without OpenSSL'
	finish
fi
tls='["--channel", "tls:inner=login"]'
sed "s/\"two\", /&\"trader\": $tls, \"exchange\": $tls, /" "$folder/plan.json" \
	>"$folder/tls.json"
if "$BUILD/t2t-run" --campaign "$folder/tls.json" --output "$folder/tls" \
	>"$folder/log" 2>&1; then
	expect_none "$name" < <(
		cd "$folder/tls/trials" || exit
		find . -name keys.log -printf '%P %m\n' | sort |
			diff - <(printf '%s\n' '01-two/keys.log 600' '03-two/keys.log 600')
		grep -rl 'PRIVATE KEY' "$folder/tls"
		find "$folder/tls" -name '*.key' -o -name '*.pem'
		# That of no trial is left.
		grep -ho 'folder=[^, ]*' ./*/trial.json ./*/trader.json |
			sort -u | while read -r keys; do
			[ ! -e "${keys#folder=}" ] || echo "$keys is there still"
		done
	)
else
	fail "$name" <"$folder/log"
fi
finish
