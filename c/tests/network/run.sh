#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-run, the main job: its results, and that it leaves nothing behind
# however it ends. Takes long: a dozen campaigns.
set -u
# A disk that is full is mounted in a namespace of our own.
if [ -z "${T2T_MOUNTS:-}" ] && unshare --mount true 2>/dev/null; then
	T2T_MOUNTS=1 exec unshare --mount bash "$0"
fi
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'umount "$folder/small" 2>/dev/null; rm -rf "$folder"' EXIT

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	skip 't2t-run' 'network namespaces are not permitted'
	finish
fi

# What a run could leave behind: its processes, interfaces of the host, and
# namespaces, the ones that its processes were seen in.
leftovers() {
	pgrep -af -- "--output $folder|$folder/.*/trials" | grep -v "^$$ "
	diff <(echo "$links") <(ip -o link | sed 's/ mtu.*//')
	lsns -t net -n -o NS | grep -xE "${spaces:-none}"
}

# shellcheck disable=SC2317 # called by eventually
nothing_left() {
	[ -z "$(leftovers)" ]
}

see_spaces() {
	local own
	own=$(readlink /proc/self/ns/net)
	spaces=$(for pid in $(pgrep -f "$folder/.*/trials"); do
		readlink "/proc/$pid/ns/net"
	done | grep -vxF "$own" | sort -u | tr -dc '0-9\n' | paste -sd'|')
}

# Wait until the command succeeds; 20 s.
eventually() {
	for _ in $(seq 200); do
		"$@" && return 0
		sleep 0.1
	done
	return 1
}

links=$(ip -o link | sed 's/ mtu.*//')
spaces=''
"$BUILD/t2t-feedgen" --quiet --bytes 200000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz"

name='A.20 a run is correct and its result complete'
"$BUILD/t2t-run" --feed "$folder/feed.csv.gz" --blocks 1 --verdict none --output "$folder/one" \
	>"$folder/one.out" 2>"$folder/one.err"
code=$?
if [ $code -eq 0 ] &&
	grep -q '"state": "complete"' "$folder/one/manifest.json" &&
	{ [ ! -d /sys/devices/system/cpu/vulnerabilities ] ||
		jq -e '.host.mitigations | length > 0 and all(type == "string")' \
			"$folder/one/manifest.json" >/dev/null; } &&
	[ "$(grep -c '"correct": true' "$folder/one/summary.json")" -ge 6 ] &&
	[ "$(find "$folder/one/trials" -name capture.pcapng -size +10k | wc -l)" -eq 3 ] &&
	[ "$(find "$folder/one/trials" -name latencies.csv -size +1k | wc -l)" -eq 3 ] &&
	[ "$(find "$folder/one/trials" -name samples.csv -size +1k | wc -l)" -eq 3 ] &&
	grep -q 'wire to wire, us' "$folder/one.out" &&
	! grep -q INCORRECT "$folder/one.out"; then
	pass "$name"
else
	fail "$name" <<<"exit $code
$(cat "$folder/one.err" "$folder/one.out")"
fi

name='nothing is left after a run'
if eventually nothing_left; then
	pass "$name"
else
	fail "$name" < <(leftovers)
fi

name='C.36 an arm over shared memory is correct, and its other method is told'
"$BUILD/t2t-run" --feed "$folder/feed.csv.gz" --blocks 1 --verdict none --arms 'spin shm shm+shm' \
	--output "$folder/shm" >"$folder/shm.out" 2>"$folder/shm.err"
code=$?
if [ $code -eq 0 ] && ! grep -q INCORRECT "$folder/shm.out" &&
	grep -q '^shm .* correct' "$folder/shm.out" &&
	grep -q '^shm+shm .* correct' "$folder/shm.out" &&
	grep -q 'of two methods.*stamped by ring against kernel' "$folder/shm.out" &&
	"$BUILD/t2t-report" "$folder/shm" --html "$folder/shm.html" >/dev/null &&
	grep -q 'of two methods' "$folder/shm.html" &&
	[ -z "$(find "$folder/shm" -type s)" ]; then
	pass "$name"
else
	fail "$name" <<<"exit $code
$(cat "$folder/shm.err" "$folder/shm.out")"
fi

name='a result is never overwritten'
"$BUILD/t2t-run" --feed "$folder/feed.csv.gz" --output "$folder/one" 2>"$folder/err"
if [ $? -eq 2 ] && grep -q 'exists already' "$folder/err"; then
	pass "$name"
else
	fail "$name" <"$folder/err"
fi

# A run that is ended in the middle of a trial by a signal.
interrupted_run() { # signal, folder
	"$BUILD/t2t-run" --feed "$folder/feed.csv.gz" --pace rate:500 --blocks 2 --verdict none \
		--output "$2" >"$2.out" 2>"$2.err" &
	local pid=$!
	eventually grep -rqs --include=exchange.out 'state TRANSMIT' "$2"
	in_time=$?
	see_spaces
	kill -"$1" $pid
	wait $pid 2>/dev/null
	code=$?
	return $in_time
}

name='Ctrl-C ends a run, keeps what was measured and leaves nothing'
if interrupted_run INT "$folder/two" && [ $code -eq 1 ] &&
	grep -q '"state": "interrupted"' "$folder/two/manifest.json" &&
	[ -n "$spaces" ] && eventually nothing_left; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/two.err"; leftovers)
fi

name='kill -9 leaves no namespace, interface or process'
if interrupted_run KILL "$folder/three" && [ -n "$spaces" ] && eventually nothing_left; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/three.err"; leftovers)
fi

check_usage() { # name, text in the message, argument...
	local name=$1 text=$2
	shift 2
	"$BUILD/t2t-run" --output "$folder/none" "$@" >/dev/null 2>"$folder/err"
	if [ $? -eq 2 ] && grep -q -- "$text" "$folder/err" && [ ! -e "$folder/none" ]; then
		pass "$name"
	else
		fail "$name" <"$folder/err"
	fi
}
feed=(--feed "$folder/feed.csv.gz")
check_usage 'a missing feed is bad usage' '--feed' --feed "$folder/nothing"
check_usage 'an unknown path is bad usage' "'warp'" "${feed[@]}" --arms 'block warp'
check_usage 'a path in memory is bad usage' "'null'" "${feed[@]}" --arms 'null'
check_usage 'no path at all is bad usage' '--arms' "${feed[@]}" --arms ' '
check_usage 'an unknown suffix is bad usage' '@handicap=' "${feed[@]}" --arms 'spin@slow=3'
check_usage 'a peer that is not there is bad usage' '/not/there' "${feed[@]}" \
	--arms 'peer' --trader 'peer=/not/there'
check_usage 'a slow-down of no number is bad usage' '@handicap=' "${feed[@]}" --arms 'spin@handicap=x'
check_usage 'a wrong amount is bad usage' '--threshold-usd' "${feed[@]}" --threshold-usd much
check_usage 'a group that is none is bad usage' '--group' "${feed[@]}" --group 10.0.0.1:5
check_usage 'a wrong pace is bad usage' '--pace' "${feed[@]}" --pace warp:9
check_usage 'a wrong side is bad usage' '--aggress' "${feed[@]}" --aggress up
check_usage 'wrong CPUs are bad usage' '--cpus' "${feed[@]}" --cpus 1,2

name='a trial that fails says which program and why'
"$BUILD/t2t-run" "${feed[@]}" --arms 'spin:rcvbuf=nonsense' --blocks 1 --verdict none \
	--output "$folder/four" >/dev/null 2>"$folder/err"
if [ $? -eq 1 ] && grep -q 'trader failed' "$folder/err" &&
	grep -q 'nonsense' "$folder/err" &&
	grep -q '"state": "failed"' "$folder/four/manifest.json"; then
	pass "$name"
else
	fail "$name" <"$folder/err"
fi

# -- What may not be called faster

# A trader that is fast, and wrong in every third start.
cat >"$folder/wrong" <<END
#!/bin/bash
echo >>"$folder/starts"
[ \$((\$(wc -l <"$folder/starts") % 3)) = 0 ] && wrong=(--threshold-usd 99999999)
exec "$(realpath "$BUILD")/t2t-trader" "\$@" --receive spin "\${wrong[@]}"
END
chmod +x "$folder/wrong"
# The baseline against itself may be called so, on a machine that is not quiet;
# and a scale says which way is which.
calls_it_something() {
	local summary
	for summary in "$folder/files" "$folder/wrong.d"; do
		jq 'del(.aa)' "$summary/summary.json" >"$folder/summary" &&
			mv "$folder/summary" "$summary/summary.json" || return 0
	done
	grep -riE 'faster|slower|equivalent|times the|x the time' "$folder/out" \
		"$folder/files" "$folder/wrong.d/summary.json" |
		grep -vE '<td>block@again</td>|>(◀ faster|slower ▶)<|<style>'
}
name='an arm that is wrong in one start of three has no verdict in any output'
"$BUILD/t2t-run" "${feed[@]}" --arms 'block wrong' --trader "wrong=$folder/wrong" \
	--blocks 6 --output "$folder/wrong.d" >"$folder/out" 2>"$folder/err"
code=$?
mkdir "$folder/files"
if [ $code -eq 1 ] && "$BUILD/t2t-report" "$folder/wrong.d" --files "$folder/files" \
	--html "$folder/files/page.html" >"$folder/files/text" 2>>"$folder/err" &&
	grep -q '^wrong against block: no verdict: not all orders were right$' \
		"$folder/out" "$folder/files/text" &&
	grep -q '<failure ' "$folder/files/junit.xml" &&
	grep -q '"call": "incorrect"' "$folder/files/summary.json" &&
	! calls_it_something; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code"; cat "$folder/err" "$folder/out")
fi

# -- make power

power() { # argument...
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s -C .. -o build \
		power BUILD="$(realpath "$BUILD")" OUTPUT="$folder/power" POWER=aa LIMIT=1 "$@" \
		>"$folder/out" 2>"$folder/err" </dev/null
}
name='make power runs to its end and prints its counts'
power FEED="$folder/feed.csv.gz" COUNT=1
code=$?
if [ $code -eq 0 ] && [ "$(wc -l <"$folder/power/campaigns.jsonl")" = 1 ] &&
	grep -qE '^the same arm +decided,10 +[01] of +1 ' "$folder/out" &&
	grep -q '<td>the same arm</td>' "$folder/power/report.html"; then
	pass "$name"
else
	fail "$name" < <(echo "exit $code"; cat "$folder/out" "$folder/err")
fi
name='what is there is not run again, and what was cut off is'
cp "$folder/power/campaigns.jsonl" "$folder/jsonl"
sed 's/"number": 1/"number": 2/' "$folder/jsonl" >>"$folder/power/campaigns.jsonl"
sed 's/"number": 1/"number": 3/' "$folder/jsonl" | head -c 40 >>"$folder/power/campaigns.jsonl"
if power FEED="$folder/nothing" COUNT=2 &&
	grep -qE '^the same arm +decided,10 +[0-2] of +2 ' "$folder/out" &&
	[ "$(wc -l <"$folder/power/campaigns.jsonl")" = 2 ]; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/out" "$folder/err" "$folder/power/campaigns.jsonl")
fi
name='campaigns that failed are counted and end make power'
if ! power FEED="$folder/nothing" COUNT=3 &&
	grep -qx 'power.py: 1 campaigns failed' "$folder/err" &&
	grep -q -- "--feed $folder/nothing: No such file" "$folder/err"; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/out" "$folder/err")
fi

# -- No space left

full='No space left on device'
name='a summary into a full disk is told'
"$BUILD/t2t-run" "${feed[@]}" --blocks 1 --verdict none --arms block --json --output "$folder/five" \
	>/dev/full 2>"$folder/err"
if [ $? -eq 1 ] && grep -q "stdout: $full" "$folder/err"; then
	pass "$name"
else
	fail "$name" <"$folder/err"
fi

small=$folder/small
mkdir "$small"
if [ -z "${T2T_MOUNTS:-}" ] || ! mount -t tmpfs tmpfs "$small" 2>/dev/null; then
	skip 'a campaign on a full disk' 'mounting is not permitted'
	finish
fi

name='latencies that find no room are told, and no half of them stays'
mount -o remount,size=4k "$small"
capture=$(find "$folder/one/trials" -name capture.pcapng | head -n 1)
"$BUILD/t2t-wiretap" --read "$capture" --json --samples "$small/latencies.csv" \
	>"$folder/out" 2>"$folder/err"
if [ $? -eq 1 ] && grep -q "$small/latencies.csv: $full" "$folder/err" &&
	[ -z "$(ls -A "$small")" ]; then
	pass "$name"
else
	fail "$name" < <(cat "$folder/err"; ls -l "$small")
fi

# None of its JSON is half a file, and none is left under another name.
half_files() { # folder
	find "$1" -name '*.new-*'
	find "$1" \( -name manifest.json -o -name summary.json -o -name trial.json \) |
		while read -r file; do
			[ "$(tail -n 1 "$file")" = '}' ] || echo "$file"
		done
}

# From nothing at all, over a manifest alone, to a trial in the middle.
for kib in 4 16 100 300 2000; do
	name="a campaign on a disk of $kib KiB names the file that found no room"
	rm -rf "$small/one"
	mount -o "remount,size=${kib}k" "$small"
	"$BUILD/t2t-run" "${feed[@]}" --blocks 1 --verdict none --output "$small/one" \
		>"$folder/out" 2>"$folder/err"
	code=$?
	if [ $code -eq 1 ] && grep -q "$small/one/.*: $full" "$folder/err" &&
		[ -z "$(half_files "$small")" ] &&
		! grep -q '"state": "complete"' "$small/one/manifest.json" 2>/dev/null; then
		pass "$name"
	else
		fail "$name" < <(
			echo "exit $code"
			half_files "$small"
			cat "$folder/err" "$folder/out"
			find "$small" -type f -size -64 -printf '%P %s\n'
		)
	fi
done
finish
