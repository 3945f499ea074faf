#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-agent does what it is asked, refuses what it can't, and puts back what it
# turned however it ends: its connection, a signal, a kill of either process.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=$(realpath "${BUILD:-build}")
outer=$(mktemp -d)
folder=$outer/folder
mkdir "$folder"
keeper=
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ -z "$keeper" ] || kill "$keeper" 2>/dev/null
	rm -rf "$outer"
}
trap clean EXIT

# -- A connection: asked by tell, answered in order.

# What the agent says next. This shell reads it byte by byte, and of some answers
# there are hundreds of thousands.
hear() {
	read -r -t 300 -u 9 answer
}
open_agent() { # arguments
	mkfifo "$folder/in" "$folder/out"
	"$BUILD/t2t-agent" --folder "$folder" "$@" \
		<"$folder/in" >"$folder/out" 2>"$folder/stderr" &
	keeper=$!
	exec 8>"$folder/in" 9<"$folder/out"
	rm "$folder/in" "$folder/out"
	hear
	greeting=$answer
}
hang_up() {
	exec 8>&- 9<&-
}
# Until it has ended; the shell's words about a killed child are nobody's.
ended() {
	wait "$keeper" 2>/dev/null
	code=$?
	keeper=
}
# The answer, without what varies.
tell() { # request
	echo "$1" >&8
	hear
	echo "${answer/%\"max_rss_kib\":*/\"max_rss_kib\":N\}}"
}
agent_of() { # the keeper's child
	local children
	read -r children <"/proc/$1/task/$1/children"
	echo "${children%% *}"
}
gone() { # pids
	local pid
	for pid in "$@"; do
		within 10 process_gone "$pid" || echo "process $pid runs on"
	done
}
appears() { # file
	within 10 test -e "$1" || echo "$1 is missing"
}

# -- What is asked

open_agent
expect_none 'it says who it is' < <(
	diff <(echo "$greeting") - <<<'{"agent":"t2t-agent/1"}')
expect_none 'a command: exit code and what it said' < <(
	tell '{"do":"run","argv":["sh","-c","echo out; echo err >&2; exit 3"]}' |
		diff - <(cat <<<'{"code":3,"out":"out\n","err":"err\n","ok":true}'))
expect_none 'one that takes too long' < <(
	tell '{"do":"run","argv":["sleep","100"],"timeout":50}' |
		diff - <(echo '{"code":-110,"out":"","err":"","ok":true}'))
expect_none 'one that is not there' < <(
	tell '{"do":"run","argv":["/nonexistent"]}' | grep -v '^{"code":127,')
expect_none 'what is no UTF-8' < <(
	tell '{"do":"run","argv":["printf","a\\xe4\\0b"]}' |
		grep -vF '"out":"a?\u0000b"')
expect_none 'much of it' < <(
	tell '{"do":"run","argv":["seq","200000"]}' | wc -c |
		awk '$1 < 1288895 { print }')
expect_none 'a program from its start to its end' < <(
	{
		tell '{"do":"start","name":"p","out":"p.out","err":"p.log","argv":["sh","-c","echo here; echo there >&2; exec sleep 100"]}'
		tell '{"do":"await","name":"p","file":"p.out","text":"here","timeout":60000}'
		tell '{"do":"await","name":"p","file":"p.log","text":"absent","timeout":10}'
		tell '{"do":"start","name":"p","argv":["true"]}'
		tell '{"do":"end","name":"p","timeout":10}'
		tell '{"do":"end","name":"p","signal":15,"timeout":60000}'
		tell '{"do":"end","name":"p"}'
		tell '{"do":"cpus","name":"p"}'
		tell '{"do":"await","name":"p","file":"p.log","text":"absent","timeout":60000}'
	} | diff - <(cat <<-'END'
		{"ok":true}
		{"ok":true}
		{"ok":false,"errno":110,"why":"Connection timed out"}
		{"ok":false,"errno":16,"why":"it runs already"}
		{"ok":false,"errno":110,"why":"Connection timed out"}
		{"ok":true,"code":143,"max_rss_kib":N}
		{"ok":true,"code":143,"max_rss_kib":N}
		{"ok":false,"errno":3,"why":"no such program runs"}
		{"ok":false,"errno":10,"why":"No child processes"}
	END
	)
	diff <(cat "$folder/p.out" "$folder/p.log") <(printf 'here\nthere\n')
)
cat >"$folder/stand" <<'END'
#!/bin/sh
# Counts what it is asked while it stands by.
[ "$1" = serve ] || { echo "alone: $*"; exit; }
shift
echo $$ >>"${0%/*}/stood"
while read -r line; do
	n=$((n + 1))
	case $line in
	*die*) exit 3 ;;
	*sleep*) sleep 100 ;;
	esac
	echo "{\"code\":$n,\"out\":\"$(echo "$line" | tr -d '"')\",\"err\":\"\"}"
done
END
stand() { # more words: a command of the program that stands by
	tell '{"do":"run","argv":["sh","'"$folder/stand"'"'"$1"'],"timeout":60000}'
}
expect_none 'a program that stands by is started once, and does commands' < <(
	{
		tell '{"do":"standby","argv":["sh","'"$folder/stand"'"]}'
		stand ',"a","b"'
		stand ''
		stand ',"c"'
		tell '{"do":"turn","argv":["true"],"restore":["sh","'"$folder/stand"'","d"]}'
		tell '{"do":"restore","timeout":60000}'
		wc -l <"$folder/stood"
	} | diff - <(cat <<-'END'
		{"ok":true}
		{"code":1,"out":"{argv:[a,b]}","err":"","ok":true}
		{"code":0,"out":"alone: \n","err":"","ok":true}
		{"code":2,"out":"{argv:[c]}","err":"","ok":true}
		{"code":0,"out":"","err":"","ok":true}
		{"ok":true,"commands":[{"code":3,"out":"{argv:[d]}","err":""}]}
		1
	END
	)
)
expect_none 'one that ends is done without, and ends when it takes too long' < <(
	{
		stand ',"die"'
		stand ',"a"'
		tell '{"do":"standby","argv":["sh","'"$folder/stand"'"]}'
		stand ',"a"'
		tell '{"do":"run","argv":["sh","'"$folder/stand"'","sleep"],"timeout":10}'
		stand ',"a"'
		tell '{"do":"standby","argv":["sh","'"$folder/stand"'"]}'
		stand ',"a"'
	} | diff - <(cat <<-'END'
		{"code":0,"out":"alone: die\n","err":"","ok":true}
		{"code":0,"out":"alone: a\n","err":"","ok":true}
		{"ok":true}
		{"code":1,"out":"{argv:[a]}","err":"","ok":true}
		{"code":-110,"out":"","err":"Connection timed out","ok":true}
		{"code":0,"out":"alone: a\n","err":"","ok":true}
		{"ok":true}
		{"code":1,"out":"{argv:[a]}","err":"","ok":true}
	END
	)
	mapfile -t stood <"$folder/stood"
	gone "${stood[@]::2}"
	[ ${#stood[@]} = 3 ] || echo "${#stood[@]} were started, not 3"
)
# Its bytes stand behind a request, or behind the answer.
put() { # bytes, at: and what it is asked after it
	printf '{"do":"put","file":"put","at":%s,"bytes":%s}\n%s' \
		"$2" "${#1}" "$1" >&8
	hear
	echo "$answer"
}
take() { # file, at
	local len
	tell '{"do":"take","file":"'"$1"'","at":'"$2"'}'
	len=$(jq '.bytes // 0' <<<"$answer")
	[ "$len" = 0 ] || head -c "$len" <&9
}
expect_none 'a file is brought in pieces, and taken' < <(
	{
		put 'first
		' 0
		put second 8
		take put 0
		echo
		take put 14
		put '' 0
		take put 0
		take missing 0
	} | diff - <(cat <<-'END'
		{"ok":true}
		{"ok":true}
		{"ok":true,"bytes":14,"size":14}
		first
		END
		printf '\t\tsecond\n'
		cat <<-'END'
		{"ok":true,"bytes":0,"size":14}
		{"ok":true}
		{"ok":true,"bytes":0,"size":0}
		{"ok":false,"errno":2,"why":"No such file or directory"}
	END
	)
	dd if=/dev/urandom of="$folder/large" bs=1M count=3 status=none
	{
		for at in 0 1048576 2097152 3145728; do
			tell '{"do":"take","file":"large","at":'$at'}' >&2
			head -c "$(jq .bytes <<<"$answer")" <&9
		done
	} 2>/dev/null | cmp - "$folder/large")
expect_none 'one that leads elsewhere is refused, and its bytes passed over' < <(
	printf '{"do":"put","file":"../away","at":0,"bytes":3}\nabc' >&8
	hear
	jq -r 'select(.ok)' <<<"$answer"
	tell '{"do":"take","file":"../in"}' | jq -r 'select(.ok)'
	tell '{"do":"put","file":"put","bytes":-1}' | jq -r 'select(.ok)'
	[ ! -e "$outer/away" ] || echo 'it was written'
	tell '{"do":"run","argv":["true"]}' | grep -v '"code":0')
expect_none 'what a program writes is not there before it is' < <(
	echo old >"$folder/writes"
	{
		tell '{"do":"start","name":"w","argv":["ls"],"out":"seen","writes":["writes","none"]}'
		tell '{"do":"end","name":"w"}'
		tell '{"do":"start","name":"w","argv":["ls"],"writes":["../in"]}'
	} | diff - <(cat <<-'END'
		{"ok":true}
		{"ok":true,"code":0,"max_rss_kib":N}
		{"ok":false,"errno":22,"why":"writes: expected files of the folder"}
	END
	)
	[ ! -e "$folder/writes" ] || echo 'it was')
expect_none 'what can not be is refused, and nothing is lost by it' < <(
	long=$(printf 'x%.0s' {1..32})
	while read -r request; do
		tell "$request" | grep -v '^{"ok":false,"errno":' |
			sed "s|^|$request: |"
	done <<-END
		no JSON
		[]
		{}
		{"do":"dance"}
		{"do":"run"}
		{"do":"run","argv":[]}
		{"do":"run","argv":"true"}
		{"do":"run","argv":["true",1]}
		{"do":"turn","argv":["true"]}
		{"do":"turn","argv":["true"],"restore":[1]}
		{"do":"start","argv":["true"]}
		{"do":"start","name":"$long","argv":["true"]}
		{"do":"start","name":"n"}
		{"do":"await","name":"n","file":"p.out","text":"here"}
		{"do":"await","name":"p","file":"../p.out","text":"here"}
		{"do":"await","name":"p","file":"p.out"}
		{"do":"end","name":"n"}
		{"do":"end"}
	END
	tell '{"do":"run","argv":["true"]}' | grep -v '"code":0')
expect_none 'a file of the programs lies in its folder' < <(
	tell '{"do":"start","name":"f","out":"../away","argv":["echo","x"]}' >&2
	tell '{"do":"end","name":"f"}' >&2
	[ ! -e "$outer/away" ] || echo 'it does not') 2>/dev/null
expect_none 'too many programs' < <(
	for i in 1 2 3 4 5 6 7 8; do
		tell '{"do":"start","name":"m'$i'","argv":["true"]}'
	done | grep -c '"too many programs"' | grep -vx '3')

# -- What was turned

turn() { # value: written into the knob; it was "before". What is done before that is put back
	echo '{"do":"turn","argv":["sh","-c","echo '"$1"' >'"$folder"'/knob"],"restore":["sh","-c","'"${2:-}"'echo before >'"$folder"'/knob; touch '"$folder"'/back"]}'
}
fresh() {
	[ -z "$keeper" ] || { hang_up; ended; }
	echo before >"$folder/knob"
	rm -f "$folder/back"
	open_agent
}
is_back() {
	appears "$folder/back"
	diff <(echo before) "$folder/knob"
}
fresh
expect_none 'a knob is turned, and back when that is asked' < <(
	tell "$(turn after)" | grep -v '"code":0'
	diff <(echo after) "$folder/knob"
	tell '{"do":"restore"}' | grep -vF '"commands":[{"code":0'
	is_back
	rm "$folder/back"
	tell '{"do":"restore"}' | grep -vF '"commands":[]'
	[ ! -e "$folder/back" ] || echo 'it is put back twice')
fresh
expect_none 'one that was turned half way is put back, too' < <(
	tell '{"do":"turn","argv":["sh","-c","echo half >'"$folder"'/knob; exit 1"],"restore":["sh","-c","echo before >'"$folder"'/knob; touch '"$folder"'/back"]}' |
		grep -v '"code":1'
	diff <(echo half) "$folder/knob"
	tell '{"do":"restore"}' >&2
	is_back) 2>/dev/null
fresh
expect_none 'the last turned is the first back' < <(
	for i in 1 2 3; do
		tell '{"do":"turn","argv":["true"],"restore":["sh","-c","echo '$i' >>'"$folder"'/order"]}' >&2
	done
	tell '{"do":"restore"}' >&2
	diff <(printf '3\n2\n1\n') "$folder/order") 2>/dev/null

# Each of its ends, with a knob turned, a program that runs and one that stands
# by.
busy() {
	fresh
	tell "$(turn after)" >/dev/null
	tell '{"do":"start","name":"p","argv":["sleep","1000"]}' >/dev/null
	agent=$(agent_of "$keeper")
	running=$(agent_of "$agent")
	tell '{"do":"standby","argv":["sh","'"$folder/stand"'"]}' >/dev/null
	stand ',"a"' >/dev/null
	standing=$(tail -n 1 "$folder/stood")
}
ends() { # name, code; how it ends: a command
	local name=$1 wanted=$2 before
	busy
	before=$keeper
	"${@:3}"
	ended
	expect_none "$name" < <(
		is_back
		gone "$before" "$agent" "$running" "$standing"
		[ "$code" = "$wanted" ] || echo "exit code $code"
	)
	hang_up
}
# shellcheck disable=SC2317 # called by ends
by_signal() { # signal, whom
	kill "-$1" "${!2}"
}
ends 'its connection ends' 0 hang_up
for one in TERM INT HUP; do
	ends "SIG$one" 0 by_signal $one keeper
done
ends 'the agent is killed' 1 by_signal KILL agent
ends 'the keeper is killed' 137 by_signal KILL keeper
# shellcheck disable=SC2317 # called by ends
in_a_command() {
	echo '{"do":"run","argv":["sh","-c","touch '"$folder"'/inside; exec sleep 1000"]}' >&8
	appears "$folder/inside"
	hang_up
}
ends 'its connection ends in a command' 0 in_a_command
# shellcheck disable=SC2317 # called by ends
in_a_wait() {
	echo '{"do":"end","name":"p"}' >&8
	sleep 0.1
	hang_up
}
ends 'its connection ends in a wait' 0 in_a_wait
# shellcheck disable=SC2317 # called by ends
deaf() {
	tell '{"do":"start","name":"d","out":"d.out","argv":["sh","-c","trap : TERM; echo deaf; while :; do sleep 1; done"]}' >/dev/null
	tell '{"do":"await","name":"d","file":"d.out","text":"deaf"}' >/dev/null
	hang_up
}
ends 'a program that does not end by itself' 0 deaf

# Whoever is killed amidst it: the other one does it, or does it again.
killed_amidst() { # whom, code, what makes them put back: a command
	local wanted=$2 before
	fresh
	rm -f "$folder/began"
	tell "$(turn after "[ -e $folder/began ] || { touch $folder/began; sleep 1; }; ")" >/dev/null
	agent=$(agent_of "$keeper")
	before=$keeper
	"${@:3}"
	appears "$folder/began"
	kill -KILL "${!1}"
	ended
	is_back
	gone "$before" "$agent"
	[ "$code" = "$wanted" ] || echo "exit code $code"
	hang_up
}
# shellcheck disable=SC2317 # called by killed_amidst
asked() {
	echo '{"do":"restore"}' >&8
}
expect_none 'the agent is killed while it puts back' < <(
	killed_amidst agent 1 hang_up)
expect_none 'while it does what it is asked' < <(killed_amidst agent 1 asked)
expect_none 'the keeper is killed meanwhile' < <(
	killed_amidst keeper 137 hang_up)

name='a command that fails to put back is told'
open_agent
tell '{"do":"turn","argv":["true"],"restore":["sh","-c","echo why >&2; exit 9"]}' >/dev/null
hang_up
ended
expect_none "$name" < <(
	grep -qF "can't put back, by sh: exit code 9: why" "$folder/stderr" ||
		cat "$folder/stderr"
	[ "$code" = 1 ] || echo "exit code $code")

# -- In a namespace

name='all of it runs in the namespace that it is given'
if unshare --net true 2>/dev/null; then
	unshare --net sleep 1000 &
	space=$!
	until [ "$(readlink /proc/$space/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do
		sleep 0.01
	done
	there=$(readlink /proc/$space/ns/net)
	look='["readlink","/proc/self/ns/net"]'
	open_agent --namespace /proc/$space/ns/net
	expect_none "$name" < <(
		tell '{"do":"run","argv":'"$look"'}' | grep -vF "$there"
		tell '{"do":"start","name":"l","out":"l.out","argv":'"$look"'}' >&2
		tell '{"do":"end","name":"l"}' >&2
		diff <(echo "$there") "$folder/l.out"
		tell '{"do":"turn","argv":["true"],"restore":'"$look"'}' >&2
		tell '{"do":"restore"}' | grep -vF "$there") 2>/dev/null
	hang_up
	ended
	kill $space
else
	skip "$name" 'network namespaces are not permitted'
fi
expect_none 'a namespace that is not there' < <(
	diff <("$BUILD/t2t-agent" --namespace /nonexistent </dev/null 2>&1
		echo "exit $?") - <<-'END'
		t2t-agent: error: --namespace /nonexistent: No such file or directory
		exit 1
	END
)
finish
