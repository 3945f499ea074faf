#!/bin/bash
# SPDX-License-Identifier: MIT
# Orders that name what they answer, and name it wrongly: both oracles say the
# same, one by one. And of orders without names the second one finds the fewest
# faults, however it looks for them.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 'orders that name their cause' 'network namespaces are not permitted'
	finish
fi
# All datagrams come long before the orders that are changed: which one an order
# names is no question of when it came.
"$BUILD/t2t-feedgen" --quiet --bytes 6500 --seed 3 --triggers 0.3 \
	--output "$folder/feed.csv.gz" >/dev/null
cat >"$folder/plan.json" <<-END
	{"schema": "t2t-lab-plan/1", "place": "local", "accelerator": "none",
	 "feed": "$folder/feed.csv.gz", "pace": "rate:100000", "blocks": 1, "verdict": "none",
	 "seed": 1, "threshold_usd": "1000000", "aggress": "opposite",
	 "group": "239.255.0.1:12345", "warm_up": 0,
	 "arms": [{"name": "fix", "receive": "block",
	           "trader": ["--channel", "fix", "--inject-delay-ns", "5000000"],
	           "exchange": ["--channel", "fix"]}]}
END
"$BUILD/t2t-run" --campaign "$folder/plan.json" --output "$folder/result" \
	>"$folder/out" 2>&1
counts='[.triggers, .orders, .matched, .missing, .extra, .wrong]'
alike() { # how, the counts but the first two: as the names have it
	local wanted
	python3 -B tests/support/fix_renamed.py "$1" \
		"$folder"/result/trials/*/capture.pcapng "$folder/capture" \
		2>"$folder/out" || return
	"$BUILD/t2t-wiretap" --read "$folder/capture" --channel fix --json \
		>"$folder/first"
	python3 -B verify/verify.py "$folder/capture" --channel fix --json \
		>"$folder/second"
	wanted=$(jq -c ".orders as \$n | [\$n, \$n, \$n - $2, $3, $4, $5]" \
		"$folder/first")
	[ "$(jq -c "$counts" "$folder/first")" = "$wanted" ] &&
		[ "$(jq -c "$counts" "$folder/second")" = "$wanted" ]
}

# How, and of the orders so many don't match: missing, extra, wrong.
while read -r how unmatched missing extra wrong; do
	name="orders that name their cause, made otherwise: $how"
	if alike "$how" "$unmatched" "$missing" "$extra" "$wrong"; then
		pass "$name"
	else
		fail "$name" < <(
			cat "$folder/out"
			jq -c "$counts" "$folder/first" "$folder/second"
		)
	fi
done <<-'END'
	same 0 0 0 0
	foreign 0 0 0 0
	nowhere 1 1 1 0
	earlier 1 1 1 0
	exchanged 3 2 2 1
	swapped 1 1 1 0
	spoiled 1 0 0 1
END

# The same capture as RDMA's: both find in it what they find in TCP's; of what it
# lacks the first one says so.
over_rdma() { # how, its reason
	local second='.matched == .triggers and .matched > 22 and .missing == 0'
	local first=$3
	python3 -B tests/support/rdma_wrapped.py "$1" \
		"$folder"/result/trials/*/capture.pcapng "$folder/capture" \
		2>"$folder/out" || return
	"$BUILD/t2t-wiretap" --read "$folder/capture" --channel fix --json \
		>"$folder/first" 2>/dev/null
	python3 -B verify/verify.py "$folder/capture" --channel fix --json \
		>"$folder/second"
	[ -n "$2" ] || first=".correct and $second"
	jq -e "$first" "$folder/first" >/dev/null &&
		{ [ -n "$2" ] || jq -e "$second" "$folder/second" >/dev/null; }
}
while IFS='|' read -r how reason; do
	name="orders and market data by RDMA, in RoCEv2's frames: $how"
	if over_rdma "$how" "$reason" "(.correct | not) and (.reason // \"\" | contains(\"$reason\"))"; then
		pass "$name"
	else
		fail "$name" < <(
			cat "$folder/out"
			jq -c "[.correct, .reason], $counts" "$folder/first" \
				"$folder/second"
		)
	fi
done <<-'END'
	sent|
	written|
	again|
	lost|were not captured
	malformed|lengths that contradict
END

# Against the plainest search, of all that they may be.
expect_none 'the fewest faults of orders without names' < <(
	PYTHONPATH=verify python3 -B - <<-'END' 2>&1
		import functools
		import random

		import judge

		def plain(wanted, orders):
		    @functools.cache
		    def cost(i, k):
		        if i == 0 or k == 0:
		            return i + k, 0
		        same = wanted[i - 1] == orders[k - 1]
		        faults, unmatched = cost(i - 1, k - 1)
		        return min((faults + (not same), unmatched - same),
		                   tuple(map(sum, zip(cost(i - 1, k), (1, 0)))),
		                   tuple(map(sum, zip(cost(i, k - 1), (1, 0)))))
		    faults, unmatched = cost(len(wanted), len(orders))
		    return -unmatched, len(wanted) + len(orders) + 2 * unmatched - faults

		random.seed(1)
		for turn in range(400):
		    kinds = random.choice((2, 3, 10, 100))
		    wanted = [random.randrange(kinds) for _ in range(random.randrange(40))]
		    orders = [one if random.random() < 0.8 else random.randrange(kinds)
		              for one in wanted if random.random() < 0.9]
		    if turn % 3 == 0:
		        del orders[5:random.randrange(5, 30)]
		    known = plain(wanted, orders)
		    for found in judge.alike(wanted, orders), judge.alike(wanted, orders, 1):
		        if found != known:
		            print(wanted, orders, found, known)
	END
)

expect_none 'what few faults cost is bounded' < <(
	PYTHONPATH=verify python3 -B - <<-'END' 2>&1
		import judge

		class Order(int):
		    compared = 0
		    def __eq__(self, other):
		        Order.compared += 1
		        return int(self) == int(other)

		wanted = [Order(i) for i in range(2000)]
		orders = [Order(-1), *wanted[1:-1], Order(-1)]
		found = judge.alike(wanted, orders)
		if found != (1998, 2) or Order.compared > 2000 * 150:
		    print(found, Order.compared)
	END
)

finish
