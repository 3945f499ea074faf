#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-mcast-server and t2t-mcast-client: what is typed here appears there, by
# kernel sockets and past them, and again when a server has come back.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/own_network.bash
. tests/support/own_network.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=$(realpath "${BUILD:-build}")

own_network 't2t-mcast-server and -client'
folder=$(mktemp -d)
far_network
clients=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	kill "${clients[@]}" "$far" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT
far_wire 10.77.9

# Until the file holds the text.
eventually() { # text, file
	within 10 grep -qF -- "$1" "$2"
}

client() { # name, options...
	local name=$1
	shift
	# nsenter becomes the client, so that signals reach it.
	nsenter --net=/proc/$far/ns/net "$BUILD/t2t-mcast-client" \
		--interface far0 --verbose "$@" >"$folder/$name" 2>"$folder/$name.log" &
	clients+=($!)
	eventually 'receiving by' "$folder/$name.log"
}

for way in '' --bypass; do
	label=${way:-kernel}
	# shellcheck disable=SC2086 # nothing, or one word
	client "$label" $way
	name="lines appear at the client, $label"
	# shellcheck disable=SC2086
	if printf 'one\ntwo words\n\nnever\n' |
		"$BUILD/t2t-mcast-server" --interface near0 $way \
			>"$folder/server" 2>&1 &&
		eventually 'two words' "$folder/$label" &&
		[ "$(cat "$folder/$label")" = $'one\ntwo words' ]; then
		pass "$name; an empty line stops the server"
	else
		fail "$name" < <(tail "$folder"/*)
	fi
	name="the next server finds the client still there, $label"
	# shellcheck disable=SC2086
	if printf 'back\n\033[31mred\n' | "$BUILD/t2t-mcast-server" \
		--interface near0 $way >"$folder/server" 2>&1 &&
		eventually '?[31mred' "$folder/$label"; then
		pass "$name, and control characters are shown as such"
	else
		fail "$name" < <(tail "$folder"/*)
	fi
	name="the client goes on after its interface was down, $label"
	there ip link set far0 down
	sleep 0.3
	there ip link set far0 up
	# shellcheck disable=SC2086
	if for _ in $(seq 50); do
		echo again
		sleep 0.1
	done | "$BUILD/t2t-mcast-server" --interface near0 $way \
		>"$folder/server" 2>&1 && eventually again "$folder/$label"; then
		pass "$name"
	else
		fail "$name" < <(tail "$folder"/*)
	fi
	kill -INT "${clients[@]}"
	wait "${clients[@]}"
	code=$?
	clients=()
	name="Ctrl-C ends the client, $label"
	if [ $code = 0 ]; then pass "$name"; else fail "$name" <<<"code $code"; fi
done

name='two clients hear the same'
client first --receive spin
client second --receive epoll
printf 'both\n\n' | "$BUILD/t2t-mcast-server" --interface near0 --send send \
	2>"$folder/server"
if eventually both "$folder/first" && eventually both "$folder/second"; then
	pass "$name"
else
	fail "$name" < <(tail "$folder"/*)
fi

name='--source: of the one sender, and how many others there were'
client his --source 10.77.9.1
client others --source 10.77.9.9
his=${clients[-2]} others=${clients[-1]}
printf 'mine\n\n' | "$BUILD/t2t-mcast-server" --interface near0 --send send \
	2>"$folder/server"
eventually mine "$folder/his"
kill -INT "$his" "$others"
wait "$his" "$others"
if [ "$(cat "$folder/his")" = mine ] && [ ! -s "$folder/others" ] &&
	eventually 'left out 1 datagrams of others than 10.77.9.9' \
		"$folder/others.log" &&
	! grep -q 'left out' "$folder/his.log"; then
	pass "$name"
else
	fail "$name" < <(tail "$folder"/*)
fi

refuses() { # name, code, text, program, options...
	local name=$1 code=$2 text=$3 found
	shift 3
	timeout 20 "$@" </dev/null >"$folder/out" 2>&1
	found=$?
	if [ $found = "$code" ] && grep -qE -e "$text" "$folder/out"; then
		pass "$name"
	else
		fail "$name" < <(echo "code $found" && cat "$folder/out")
	fi
}
server=$BUILD/t2t-mcast-server
refuses 'no interface given' 2 '--interface' "$server"
refuses 'no such interface' 1 '--interface nowhere0' "$server" --interface nowhere0
refuses 'a group that is none' 2 '--group' "$server" --interface near0 \
	--group 10.0.0.1:3334
refuses 'a publish path that is none' 2 "unknown path 'smoke'" "$server" \
	--interface near0 --send smoke
refuses 'a receive path that is none' 2 "unknown path 'smoke'" \
	"$BUILD/t2t-mcast-client" --interface near0 --receive smoke
name='a line longer than a frame is refused, and the next one goes'
if { head -c 5000 /dev/zero | tr '\0' x && echo && printf 'short\n\n'; } |
	"$server" --interface near0 >"$folder/server" 2>&1 &&
	grep -q 'a line of 5000 bytes is not sent' "$folder/server" &&
	eventually short "$folder/first"; then
	pass "$name"
else
	fail "$name" <"$folder/server"
fi
kill -TERM "${clients[@]}"
wait "${clients[@]}"
clients=()

# Both ends go with it; whoever stays finds the new ones by their names.
mkfifo "$folder/typed"
"$BUILD/t2t-mcast-server" --interface near0 <"$folder/typed" \
	2>"$folder/server" &
exec 3>"$folder/typed"
eventually 'sending by' "$folder/server"
for way in block spin busy epoll mmsg uring packet packet:ring=v3 xdp; do
	name="the client is back on an interface made anew, $way"
	if ! client "$way" --receive "$way"; then
		skip "$name" "$(tail -n 1 "$folder/$way.log")"
		clients=()
		continue
	fi
	ip link delete near0
	eventually 'far0: No such device; waiting for it' "$folder/$way.log"
	waits=$?
	far_wire 10.77.9
	if [ $waits = 0 ] && eventually 'is missing' "$folder/$way.log" &&
		echo "to $way" >&3 && eventually "to $way" "$folder/$way"; then
		pass "$name, and tells of the hole"
	else
		fail "$name" < <(tail "$folder/$way" "$folder/$way.log" "$folder/server")
	fi
	kill -TERM "${clients[@]}"
	wait "${clients[@]}"
	clients=()
done
name='SIGTERM ends a client that waits for its interface'
client waiting --receive block
ip link delete near0
eventually 'waiting for it' "$folder/waiting.log"
kill -TERM "${clients[@]}"
wait "${clients[@]}"
code=$?
if [ $code = 0 ]; then pass "$name"; else fail "$name" <<<"code $code"; fi
clients=()
far_wire 10.77.9
name='the server is back on an interface made anew'
echo last >&3
if eventually 'sends again after' "$folder/server"; then
	pass "$name"
else
	fail "$name" <"$folder/server"
fi
exec 3>&-

finish
