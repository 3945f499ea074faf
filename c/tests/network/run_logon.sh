#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run --measure logon: its figures are of logons, which is said wherever they
# are shown, and they are not set beside those of orders.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

expect_none 'what can not be measured is refused, by name' < <(
	"$BUILD/t2t-run" --feed /dev/null --measure login --output "$folder/refused" \
		2>&1 >/dev/null | grep -qF -- "--measure: 'login': expected orders, logon" ||
		echo 'not that way'
	[ ! -e "$folder/refused" ] || echo 'made a result'
)
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run --measure' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 6000 --seed 3 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >/dev/null

plan() { # measure, warm_up
	cat <<-END
		{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
		 "feed": "$folder/feed.csv.gz", "pace": "rate:20000", "blocks": 1,
		 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
		 "group": "239.255.0.1:12345", "warm_up": $2, "verdict": "none",
		 "measure": "$1", "arms": [
		 {"name": "tls", "receive": "block", "trader": ["--channel", "tls"],
		  "exchange": ["--channel", "tls"]},
		 {"name": "tls-again", "receive": "block", "trader": ["--channel", "tls"],
		  "exchange": ["--channel", "tls"]}]}
	END
}

run() { # name, measure, warm_up
	plan "$2" "$3" >"$folder/$1.json"
	"$BUILD/t2t-run" --campaign "$folder/$1.json" --output "$folder/$1" \
		>"$folder/$1.out" 2>"$folder/$1.err" ||
		{
			echo "$1 ended with $?"
			tail -5 "$folder/$1.err"
		}
}

expect_none 'each session but those that warm up has a logon, and right orders' < <(
	run logon logon:8 3
	for trial in "$folder"/logon/trials/*; do
		jq -e '.analysis | .correct and .sessions == 8 and .logon_ns.count == 5
			and .matched > 0 and .matched == .triggers
			and .wire_to_wire_ns.count == .matched' \
			"$trial/trial.json" >/dev/null || echo "$trial: not so"
		head -1 "$trial/latencies.csv" |
			grep -qxF session,syn_ns,data_ns,latency_ns || echo 'no header'
		awk -F, 'NR > 1 && ($1 != NR + 2 || $4 < 100000) { print "line", NR }
			END { if (NR != 6) print NR, "lines" }' "$trial/latencies.csv"
		grep -q ', resumed' "$trial/trader.log" ||
			echo "$trial: sessions were not resumed"
	done
	jq -e '.parameters | .measured == "logon" and .sessions == 8' \
		"$folder/logon/manifest.json" >/dev/null || echo 'the manifest does not say so'
)

expect_none 'figures of logons are called so, and have no stages' < <(
	grep -qE '^logon, us: .*SYN -> .* of all logons' "$folder/logon.out" ||
		echo 'not in the table'
	grep -E 'wire to wire|inside the trader|all orders' "$folder/logon.out"
	mkdir "$folder/files"
	"$BUILD/t2t-report" "$folder/logon" --html "$folder/page.html" \
		--markdown "$folder/page.md" --files "$folder/files" >/dev/null ||
		echo 'no report'
	grep -qF 'Figures, us, logon, of all logons' "$folder/page.html" ||
		echo 'not on the page'
	grep -oE 'wire to wire|Where the time goes|[Aa]ll orders' "$folder/page.html"
	grep -qE '^Logon; ' "$folder/page.md" || echo 'not in the markdown'
	jq -e '.arms[0] | .logon_ns.count == 5 and .wire_to_wire_ns == null
		and .stages_p50_ns == null' "$folder/files/summary.json" >/dev/null ||
		echo 'not in the summary'
)

expect_none 'logons and orders are not set side by side' < <(
	run orders orders 0
	"$BUILD/t2t-report" "$folder/logon" --compare "$folder/orders" |
		grep -qF 'it measured orders, not logons' || echo 'they are'
	jq -e '.parameters.measured == null' "$folder/orders/manifest.json" >/dev/null ||
		echo 'the manifest of orders is another'
)

expect_none 'a result of what is not known is refused' < <(
	sed -i 's/"measured": "logon"/"measured": "logoff"/' "$folder/logon/manifest.json"
	"$BUILD/t2t-report" "$folder/logon" 2>&1 >/dev/null |
		grep -qF "'parameters.measured' is 'logoff'" || echo 'not that way'
)
finish
