#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-tables, really run, as small as it goes; the tables that t2t-report makes
# of it, the advice, and what both refuse. Takes long: one measurement of each.
# shellcheck disable=SC2016,SC2317 # eval expands it; called by check
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 'C.31 the tables' 'network namespaces are not permitted'
	finish
fi
"$BUILD/t2t-feedgen" --quiet --bytes 30000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
tables() { # folder, argument...
	local result=$1
	shift
	timeout 300 "$BUILD/t2t-tables" --output "$result" \
		--feed "$folder/feed.csv.gz" --messages 20 --handshakes 20 \
		--blocks 1 "$@" >"$folder/out" 2>"$folder/err"
}
# Does an expression of Python hold? cells: (row, cell) of the summary.
holds() { # expression
	python3 - "$folder/summary.json" "$1" <<-'END' >"$folder/holds" 2>&1
		import json, sys
		told = json.load(open(sys.argv[1]))
		cells = [(row["row"], cell) for table in told["tables"]
		         for row in table["rows"] for cell in row["cells"]]
		measured = [cell for _, cell in cells if cell["measured"]]
		assert eval("(" + sys.argv[2] + ")"), sys.argv[2]
	END
}
# shellcheck disable=SC2329 # called by check
shown() { tail -n 20 "$folder/out" "$folder/err" "$folder/holds" 2>/dev/null; }

good=$folder/good
check 'C.31 one round is measured' tables "$good" --rounds 1 --seed 7
check 'and reported' report "$good" --html "$folder/page.html" \
	--markdown "$folder/tables.md" --files "$folder"
cp "$folder/out" "$folder/text"
check 'C.31 no cell is empty without a reason' holds \
	'len(cells) > 100 and all(
		(cell["measured"] and cell["measured"]["text"]) or cell["reason"]
		for _, cell in cells)'
check 'all four tables, and the figures of each protocol' holds \
	'len(told["tables"]) == 5 and len(told["tables"][2]["rows"]) == 8'
# What every machine has, that can run this at all.
check 'TCP, UDP, multicast, WebSocket and FIX have figures' holds \
	'all(any(cell["measured"] for row, cell in cells if row == name)
		for name in ("Traditional TCP", "UDP", "UDP Multicast",
			"WebSocket/TCP", "FIX/TCP (opt)"))'
check 'one round has no interval, which is said' holds \
	'all(cell["measured"]["low"] is None and cell["measured"]["no_interval"]
		for cell in measured if "value" in cell["measured"])'
check 'C.31 claims that contradict each other are shown together' holds \
	'sorted(one["claim"] for one in next(cell for row, cell in cells
		if row == "TLS/TCP" and cell["column"] == "Connection")["also"])
	== ["1-2 ms", "1-5ms for TLS 1.3", "2-10 milliseconds"]'
check 'each figure says how it was had' holds \
	'all("t2t-" in cell["how"] for cell in measured)'
check 'what this build lacks says where it can be had' holds \
	'all("; it wants " in cell["reason"] for row, cell in cells
		if row == "RDMA" and cell["reason"] and "no transport" in cell["reason"])'
check 'the text has every cell' test \
	"$(grep -cE ' (in|below|above|figure claimed|not measured)' "$folder/text")" -gt 100
check 'the page loads nothing and runs nothing' test \
	"$(grep -cE '<script|<link|<img|http' "$folder/page.html")" = 0
if command -v xmllint >/dev/null; then
	check 'the page is well-formed' xmllint --noout --html "$folder/page.html"
fi
check 'Markdown has a row a cell' test \
	"$(grep -c '^| ' "$folder/tables.md")" -gt 100

# -- Of six rounds, which say what they are told to

six=$folder/six
cp -r "$good" "$six"
python3 - "$six" <<-'END'
	import json, os, sys
	def edit(path, what):
	    told = json.load(open(path))
	    what(told)
	    json.dump(told, open(path, "w"))
	def pong(us):  # there and back, half of which is one way
	    def what(told):
	        for one in told["results"]:
	            if one["measure"] == "ping-pong":
	                one["latency_ns"]["p50"] = 2000 * us
	                one["send_ns"]["p50"] = 1000 * us + 1
	    return what
	os.chdir(sys.argv[1])
	edit("tables.json", lambda told: told.update(rounds=6))
	for n in range(2, 7):
	    os.system("cp -r rounds/001 rounds/%03d" % n)
	for n in range(1, 7):
	    edit("rounds/%03d/tcp.json" % n, pong(20 + n))
	    edit("rounds/%03d/raw.json" % n, pong(200 + n))
	    edit("rounds/%03d/ws.json" % n, pong(10 + n))
	    edit("rounds/%03d/udp.json" % n, pong(8 + n / 2))
END
report "$six" --json
cp "$folder/out" "$folder/summary.json"
cell() { # row, column, expression
	holds "next($3 for row, cell in cells if row == '$1' and cell['column'] == '$2')"
}
check 'C.31 what lies within a claim' cell 'Traditional TCP' 'Data TX/RX' \
	'cell["verdict"] == "in" and cell["measured"]["value"] == 23500
	and 21000 <= cell["measured"]["low"] < 23500 < cell["measured"]["high"] <= 26000'
check 'C.31 below one claim, in another' cell 'WebSocket' 'Latency' \
	'(cell["verdict"], cell["also"][0]["verdict"]) == ("below", "below or in")'
check 'C.31 a claim ends within the interval' cell 'UDP' 'Data TX/RX' \
	'cell["verdict"] == "in or above"'
# Its receiver runs in its call that sends.
check 'a half that is nothing is no figure' cell 'Traditional TCP' 'RX' \
	'not cell["measured"] and "veth" in cell["reason"]'
check 'C.38 the first that a bound allows' eval 'report "$six" --advise \
	"order entry, p50 under 50 us" && head -n 1 "$folder/out" | grep -qx WebSocket'
check '... and why no simpler one' grep -q \
	'TCP with binary messages  .*204 us .*: not shown to be under 50 us' "$folder/out"

# -- It goes on where it was cut off

cut=$folder/cut
cp -r "$good" "$cut"
rm "$cut/rounds/001/udp.json"
check 'a file that is missing is named' grep -q 'rounds/001/udp.json' \
	<(report "$cut"; cat "$folder/err")
sed -i 's/"complete"/"interrupted"/' "$cut/tables.json"
report "$cut"
check 'what is not complete is refused' grep -q 'half-written' "$folder/err"
check 'with other parameters it does not go on' eval \
	'! tables "$cut" --rounds 1 --resume --seed 8 &&
	grep -q "begun with other parameters" "$folder/err"'
before=$(stat -c %i "$cut/rounds/001/tcp.json")
check 'it goes on' tables "$cut" --rounds 1 --resume
check '... and measures what is missing alone' test \
	"$(stat -c %i "$cut/rounds/001/tcp.json")" = "$before" -a \
	-s "$cut/rounds/001/udp.json"
check '... and is whole' report "$cut"
check 'what is there is not overwritten' eval \
	'! tables "$good" --rounds 1 && grep -q "exists already" "$folder/err"'
check 'what is not there is not gone on with' eval \
	'! tables "$folder/none" --rounds 1 --resume && grep -q "there is none" "$folder/err"'

# Ctrl-C in the middle of a round.
"$BUILD/t2t-tables" --output "$folder/stopped" --feed "$folder/feed.csv.gz" \
	--blocks 1 --rounds 1 >"$folder/out" 2>"$folder/err" &
run=$!
within 60 test -d "$folder/stopped/rounds/001"
sleep 1
left=$(find /tmp -maxdepth 1 -name "t2t-tables-$run-*")
kill -INT $run
wait $run
check 'Ctrl-C is a failure' test $? = 1
check '... told in the result' grep -q '"state": "interrupted"' \
	"$folder/stopped/tables.json"
check '... no keys lay in a file meanwhile' test -z "$left"
check '... and nothing runs on' within 5 eval "! pgrep -f 't2t-echo.*10.78.0.1' >/dev/null"

# -- What is damaged

damage() { # name, file, expression of Python on json: what to do to it
	local copy=$folder/copy
	rm -rf "$copy"
	cp -r "$good" "$copy"
	python3 - "$copy/$2" "$3" <<-'END'
		import json, sys
		json_ = json.load(open(sys.argv[1]))
		exec(sys.argv[2])
		json.dump(json_, open(sys.argv[1], "w"))
	END
	report "$copy"
	if [ $? != 1 ] || ! grep -qF "$2" "$folder/err"; then
		echo "$1: $(head -c 500 "$folder/err")"
	fi
}
expect_none 'C.31 what is damaged is refused, with its file' < <(
	damage 'another schema' tables.json 'json_["schema"] = "t2t-tables/9"'
	damage 'no rounds' tables.json 'json_["rounds"] = 0'
	damage 'too many' tables.json 'json_["rounds"] = 10**6'
	damage 'pairs' tables.json 'json_["pairs"] = -1'
	damage 'no host' tables.json 'del json_["host"]'
	damage 'absent' tables.json 'json_["absent"] = [1]'
	damage 'text for a number' rounds/001/tcp.json \
		'json_["results"][2]["latency_ns"]["p50"] = "9"'
	damage 'below nothing' rounds/001/tcp.json \
		'json_["results"][2]["latency_ns"]["p50"] = -5'
	damage 'beyond all' rounds/001/tcp.json \
		'json_["results"][0]["elapsed_ns"] = 10**18'
	damage 'no result' rounds/001/tcp.json 'json_["results"][0] = 7'
	damage 'neither' rounds/001/tcp.json 'del json_["results"]'
	damage 'operations' rounds/001/operations.json 'json_["operations"] = []'
	damage 'a campaign' campaigns/kernel/manifest.json 'json_["state"] = "running"'
)
for cut_at in 0 1 300; do
	rm -rf "$folder/copy"
	cp -r "$good" "$folder/copy"
	truncate -s $cut_at "$folder/copy/rounds/001/ws.json"
	check "a file of $cut_at bytes is refused" eval \
		'! report "$folder/copy" && grep -q "rounds/001/ws.json" "$folder/err"'
done
rm -rf "$folder/copy"
cp -r "$good" "$folder/copy"
echo '{"schema": "t2t-echo/1", "failed": "no <b>route</b> | here"}' \
	>"$folder/copy/rounds/001/udp.json"
check 'what failed is a reason' report "$folder/copy" --html "$folder/page.html"
check '... and no markup' grep -qF 'it failed: no &lt;b&gt;route&lt;/b&gt; | here' \
	"$folder/page.html"
check '--compare is not for it' eval '! report "$good" --compare "$good"'

# -- Advice

says() { # code, text, arguments...
	local code=$1 text=$2
	shift 2
	report "$@"
	[ $? = "$code" ] && cat "$folder/out" "$folder/err" | grep -qF -- "$text"
}
check 'C.38 the fastest, where no bound is said' says 0 'not measured: a NIC' \
	"$good" --advise 'order entry'
check 'C.38 a bound that one round can not show' says 1 'none: nothing' \
	"$good" --advise 'order entry, p50 under 1 ms'
check 'C.38 what is no use is told why' says 0 'is not encrypted' \
	"$good" --advise 'order entry, encrypted'
check 'C.38 a word that is not understood' says 2 "'cheap'" \
	"$good" --advise 'order entry, cheap'
check 'JSON' says 0 '"schema": "t2t-advice/1"' "$good" --advise 'order entry' --json
check 'without a result, where there is none' eval \
	'cd "$folder" && says 1 "no result of make tables" --advise "order entry"'
mkdir -p "$folder/results"
cp -r "$good" "$folder/results/tables-1"
cp -r "$folder/stopped" "$folder/results/tables-2"
check 'the newest that is complete' says 0 'results    results/tables-1/' \
	--advise 'order entry'
finish
