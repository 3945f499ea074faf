#!/bin/bash
# SPDX-License-Identifier: MIT
# Arms whose exchange loses packets on purpose: orders are judged by what was on
# the wire, whoever the trader had it from; and table, page and summary tell how
# what was missing was had.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run with losses' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 60000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
both='"--group", "239.255.0.1:12345,239.255.0.2:12345"'
lose='"--lose", "2%", "--swap", "0.5%"'
cat >"$folder/plan.json" <<-END
	{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
	 "feed": "$folder/feed.csv.gz", "pace": "rate:2000", "blocks": 1, "verdict": "none",
	 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
	 "group": "239.255.0.1:12345", "warm_up": 0,
	 "arms": [{"name": "whole", "receive": "block"},
	          {"name": "lossy", "receive": "block", "exchange": [$lose]},
	          {"name": "asks", "receive": "block", "exchange": [$lose],
	           "trader": ["--recover", "request", "--recover-ms", "3000"]},
	          {"name": "two", "receive": "block", "exchange": [$lose, $both],
	           "trader": [$both, "--recover-ms", "3000"]},
	          {"name": "own-rule", "receive": "block",
	           "exchange": [$lose, "--retransmit", ":9500"],
	           "trader": ["--recover", "request", "--recover-ms", "3000",
	                      "--recover-from", "10.77.0.1:9500",
	                      "--order-quantity", "7", "--threshold-usd", "700000",
	                      "--aggress=same", "--jump-max", "1000"]},
	          {"name": "whole-again", "receive": "block"}]}
END
name='a campaign with arms that lose packets'
if ! "$BUILD/t2t-run" --campaign "$folder/plan.json" --output "$folder/result" \
	>"$folder/out" 2>&1; then
	fail "$name" <"$folder/out"
	finish
fi
pass "$name"
"$BUILD/t2t-report" "$folder/result" --json >"$folder/summary.json"

expect_none 'each order is right, and no trial is void' < <(
	jq -r '.arms[] | select(.correct != true or .triggers == 0 or
		.matched != .triggers) | .receive, .' "$folder/summary.json"
	jq -r '.void_trials[]' "$folder/summary.json"
)
# What an arm's recovery has to be like, by a filter.
arm() { # name, filter
	jq -e --arg arm "$1" ".arms[] | select(.receive == \$arm) | $2" \
		"$folder/summary.json" >/dev/null ||
		jq -c --arg arm "$1" '.arms[] | select(.receive == $arm) |
			.receive, .recovery' "$folder/summary.json"
}
expect_none 'how what was missing was had is told of each arm that lost some' < <(
	arm whole '.recovery == null and .gaps == 0'
	arm lossy '.recovery | .gaps > 0 and .missing == .given_up and
		.missing > 0 and .recovered + .filled == 0 and
		.fill_p50_ns == null and (.lines | length) == 1'
	arm asks '.recovery | .missing > 0 and .recovered > 0 and
		.missing == .recovered + .filled and .given_up == 0 and
		.fill_p50_ns > 0 and .fill_max_ns >= .fill_p50_ns'
	arm own-rule '.recovery | .recovered > 0 and .given_up == 0'
	arm two '.recovery | .missing == .filled + .given_up and
		.missing < .lines[0].missing and (.lines | length) == 2 and .lines[0].missing > 0 and
		.lines[1].missing > 0 and .lines[1].first > 0'
)
expect_none 'what an arm is told the oracle is told, and its result says' < <(
	jq -r 'select(.name == "own-rule").analysis.parameters |
		select((.threshold_usd | tonumber) != 700000 or .order_quantity != 7 or
		       .aggress != "same" or .jump_max != 1000 or
		       .recovery.retransmit_port != 9500)' \
		"$folder"/result/trials/*/trial.json
)
expect_none 'an arm that can not be judged is refused, by its name' < <(
	jq '.arms[1].exchange = ["--retransmit", ":9500"] |
		.arms[1].trader = ["--recover", "request"]' \
		"$folder/plan.json" >"$folder/refused.json"
	"$BUILD/t2t-run" --campaign "$folder/refused.json" \
		--output "$folder/refused" >"$folder/said" 2>&1
	[ $? = 2 ] || cat "$folder/said"
	grep -q "arm lossy: the exchange's --retransmit is port 9500, the trader's --recover-from 9013" \
		"$folder/said" || cat "$folder/said"
)
expect_none 'a trader that goes on lacks what the exchange lost, no more' < <(
	jq -r 'select(.name == "lossy") | select(.exchange.impaired.lost !=
		.analysis.lost_packets - .analysis.reordered or
		.exchange.impaired.swapped == 0) | .exchange, .analysis' \
		"$folder"/result/trials/*/trial.json
)
mkdir "$folder/files"
"$BUILD/t2t-report" "$folder/result" --files "$folder/files" >/dev/null 2>&1
columns=number,gaps,missing,recovered,filled,given_up,fill_p50_ns,fill_max_ns
columns+=$(printf ',line_%s' {a,b}_{first,late,missing})
expect_none 'trials.csv has what each trial missed, and how it was had' < <(
	tr -d '\r' <"$folder/files/trials.csv" | cut -d, -f1,13- |
		diff - <(
			echo "$columns"
			jq -r '[.number] + (.analysis | .recovery as $r | if $r then
				[.gaps, $r.missing, $r.recovered, $r.filled, $r.given_up,
				 (if $r.fill_ns.count > 0 then $r.fill_ns.p50, $r.fill_ns.max
				  else "", "" end),
				 ($r.lines[0], $r.lines[1] |
				  .first // "", .late // "", .missing // "")]
				else [range(13) | ""] end) | map(tostring) | join(",")' \
				"$folder"/result/trials/*/trial.json | sort -n
		)
)
expect_none 'the table has a row of each such arm' < <(
	sed -n '/^Missing packets/,/^$/s/ .*//p' "$folder/out" |
		diff - <(printf '%s\n' Missing '' lossy asks two own-rule)
)
"$BUILD/t2t-report" "$folder/result" --html "$folder/page.html" \
	>/dev/null 2>&1
expect_none 'so has the page' < <(
	sed -n '/<h2>Missing packets/,/<.table>/s/<tr><td>\([a-z-]*\).*/\1/p' \
		"$folder/page.html" | diff - <(printf '%s\n' lossy asks two own-rule)
)

finish
