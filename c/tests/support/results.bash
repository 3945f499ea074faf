# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Three arms: base, base again, and one at 60 % of it, in 8 blocks. Its name
# tries to be markup, and so does the machine's.
# shellcheck disable=SC2016 # it must not expand
evil='</title><script>alert(1)</script>'"'"'`"$x'
make_results() { # folder
	local block arm number=0 order to xdp
	mkdir -p "$1/trials"
	cat >"$1/manifest.json" <<END
{"schema": "t2t-run/2", "state": "complete", "started": "now",
 "place": "test", "accelerator": "none", "command_line": "again <&> 'it'",
 "question": "is <b> faster?", "host": {"kernel": "6.1",
 "cpu": "Xeon <script>", "cpus": 2},
 "knobs": [{"knob": "net.core.busy_read", "wanted": "50", "found": "49"}],
 "skipped": [{"what": "e1001", "reason": "QEMU <has> none"}],
 "parameters": {"arms": ["base", "${evil//\"/\\\"}", "base@again"],
  "aa": 2, "blocks": 8, "seed": 1}}
END
	for block in {0..7}; do
		for arm in 0 1 2; do
			number=$((number + 1))
			to=$1/trials/$number-x
			xdp=''
			[ $arm != 1 ] || xdp=', "xdp": 7'
			mkdir "$to"
			cat >"$to/trial.json" <<END
{"schema": "t2t-run/2", "number": $number, "block": $block, "arm": $arm,
 "folder": "trials/$number-x", "counters": {"before": {"drops": 1, "switches": 1},
 "after": {"drops": 3, "switches": $((arm == 1 ? 3 : 9 + block))$xdp}}, "trader": {"stages_ns": {"kernel_to_user":
 {"p50": $((arm == 1 ? 1000 + 10 * block : 5000 + 20 * block))}}}, "analysis": {"correct": true, "packets": 9,
 "triggers": 9, "orders": 9, "matched": 9, "missing": 0, "extra": 0,
 "wrong": 0, "wire_to_wire_ns": {"count": 30}}}
END
			{
				echo 'sequence,trigger_ns,order_ns,latency_ns'
				for order in {1..30}; do
					case $arm in
					1) echo "1,2,3,$((6000 + 30 * order + 10 * block))" ;;
					*) echo "1,2,3,$((10000 + 50 * order + 10 * block + 7 * arm))" ;;
					esac
				done
			} >"$to/latencies.csv"
		done
	done
}

# t2t-report of $BUILD, and what it said in $folder/out and err: the test's.
# shellcheck disable=SC2154
report() { # argument...
	"$BUILD/t2t-report" "$@" >"$folder/out" 2>"$folder/err" </dev/null
}

# shellcheck disable=SC2317 # called by check
shown() { cat "$folder/out" "$folder/err"; }

# How wide a page gets in a frame that is as wide as a phone, in $folder/out.
# shellcheck disable=SC2317
phone() { # page
	cat >"$folder/phone.html" <<END
<iframe src="file://$1" width="390" height="800" style="border:0"
 onload="document.title = 'is ' + contentDocument.documentElement.scrollWidth"></iframe>
END
	timeout 60 chromium --headless --no-sandbox --disable-gpu \
		--user-data-dir="$folder/chromium" --hide-scrollbars \
		--allow-file-access-from-files --dump-dom \
		"file://$folder/phone.html" >"$folder/out" 2>"$folder/err"
}
