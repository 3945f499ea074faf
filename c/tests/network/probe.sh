#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-probe says the truth: beside what the kernel says, and what the programs
# then do, with privileges and without.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/own_network.bash
. tests/support/own_network.bash
BUILD=$(realpath "${BUILD:-build}")
# From here on nothing is seen outside.
own_network 't2t-probe says the truth'
folder=$(mktemp -d)
exchange=
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ -z "$exchange" ] || kill "$exchange" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT

ip route add 224.0.0.0/4 dev lo

# "KIND|NAME|yes or no|WHY", of the environment that the command makes.
probe() { # command before it...
	"$@" "$BUILD/t2t-probe" --json >"$folder/probe.json" || return
	python3 -c 'import json, sys
for row in json.load(sys.stdin)["found"]:
    print(row["kind"], row["name"], "yes" if row["can"] else "no",
          row["why"], sep="|")' <"$folder/probe.json" >"$folder/probe"
}
says() { # name of the test, line of the probe (a regular expression)
	if grep -qxE "$2" "$folder/probe"; then
		pass "$1"
	else
		fail "$1" < <(echo "expected $2"; cat "$folder/probe")
	fi
}

# -- The machine

probe env || fail 'it runs' <"$folder/probe.json"
name='the kernel is this one'
if grep -qF "\"kernel\": \"$(uname -r)\"" "$folder/probe.json"; then
	pass "$name"
else
	fail "$name" <"$folder/probe.json"
fi
free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null)
says 'huge pages: those that are free' \
	"host[|]huge pages[|]$([ "${free:-0}" -gt 0 ] && echo yes || echo no)[|].*"
first=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
probe taskset -c "$first"
ulp=$(python3 -c '
import errno, socket
try:
	socket.socket().setsockopt(socket.IPPROTO_TCP, 31, b"tls")
except OSError as error:
	print("yes" if error.errno == errno.ENOTCONN else "no")')
says 'kernel TLS: where a socket takes it' "host[|]kernel TLS[|]${ulp}[|].*"
says 'one CPU is none for the trader' 'host[|]a CPU for the trader[|]no[|]1 CPU'
for flag in vmx svm none; do
	sed "s/^flags.*/flags\t\t: fpu $flag sse/" /proc/cpuinfo >"$folder/cpuinfo"
	mount --bind "$folder/cpuinfo" /proc/cpuinfo
	probe env
	umount /proc/cpuinfo
	says "virtualisation by the CPU's flag: $flag" \
		"host[|]hardware virtualisation[|]$([ $flag = none ] && echo no || echo yes)[|].*"
done

# -- Options

# Each member of each family, beside what the programs' own help says.
members() { # a JSON file
	python3 -c 'import json, sys
for one in json.load(sys.stdin)["members"]:
    for row in one["options"] or []:
        print(one["family"], one["name"], row["name"], sep="|")' <"$1" | sort
}
told() {
	local family program
	while read -r family program; do
		"$BUILD/$program" "--$family" help |
			awk -v family="$family" '
			/^[a-z]/ { name = $1; sub(/:$/, "", name) }
			/^ +[a-z_]+=/ {
				sub(/=.*/, "", $1)
				print family "|" name "|" $1
			}'
	done <<-'END'
		receive t2t-trader
		send t2t-exchange
		channel t2t-trader
		transport t2t-trader
	END
}
probe env
"$BUILD/t2t-probe" --options >"$folder/options.json"
told | sort >"$folder/told"
expect_none 'options: those of the help, of every family' \
	< <(members "$folder/options.json" | diff "$folder/told" - 2>&1
		[ "$(cut -d'|' -f1 "$folder/told" | sort -u | wc -l)" -ge 3 ] ||
			echo 'too few families')
expect_none 'and beside what the host can do' \
	< <(members "$folder/probe.json" | diff "$folder/told" - 2>&1)

# -- Privileges

# The capabilities that the command has not.
# shellcheck disable=SC2317 # called by probe
without() { # names, command...
	local names=$1
	shift
	setpriv --bounding-set "$names" --inh-caps "$names" "$@"
}
no_bpf=-sys_admin,-net_admin,-bpf,-perfmon
probe env
says 'packet sockets: there' 'host[|]packet sockets[|]yes[|].*'
says 'namespaces: there' 'host[|]namespaces[|]yes[|].*'
cp "$folder/probe" "$folder/all"
probe without -net_raw
says 'packet sockets: without CAP_NET_RAW' 'host[|]packet sockets[|]no[|].*'
says 'and the receive path over them' 'receive path[|]packet[|]no[|].*'
says 'others stay' 'receive path[|]spin[|]yes[|].*'
probe without "$no_bpf"
says 'AF_XDP: without CAP_BPF' 'receive path[|]xdp[|]no[|].*'
probe unshare --user --map-root-user \
	bash -c 'echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"' bash
says 'namespaces: where none may be made' 'host[|]namespaces[|]no[|].*'
probe env
expect_none 'it changes nothing: asked again it says the same' \
	< <(diff "$folder/all" "$folder/probe")

# -- What can run runs, and what can't doesn't

"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz" >/dev/null
"$BUILD/t2t-keys" --folder "$folder/keys" 2>/dev/null
exchange=
exchange_start() { # arguments
	# A subshell, whose child it may not be, can't wait for it.
	[ -z "$exchange" ] || kill "$exchange"
	while [ -n "$exchange" ] && kill -0 "$exchange" 2>/dev/null; do
		sleep 0.05
	done
	"$BUILD/t2t-exchange" --feed "$folder/feed.csv.gz" --interface lo \
		--pace rate:20000 "$@" >"$folder/exchange" 2>&1 &
	exchange=$!
	until grep -q 'state INIT' "$folder/exchange" || ! kill -0 $exchange; do
		sleep 0.1
	done
}
exchange_start
# A session to its end: did it come to one?
runs() { # option, value, command before...
	# That needs certificates.
	[ "$1 $2" != '--channel tls' ] ||
		set -- "$1" "tls:folder=$folder/keys" "${@:3}"
	# Both ends speak it.
	[ "$1" != --channel ] || exchange_start "$1" "$2"
	"${@:3}" "$BUILD/t2t-trader" --connect 127.0.0.1:9012 --interface lo \
		"$1" "$2" >"$folder/trader" 2>&1 </dev/null
}
agree() { # kind, option, command before...
	local kind=$1 option=$2 row can really
	shift 2
	probe "$@"
	while IFS='|' read -r _ row can _; do
		# They need another machine, a file, or --send shm (network/shm).
		[[ $row != replay && $row != bypass && $row != shm ]] || continue
		really=no
		runs "$option" "$row" "$@" && really=yes
		[ $really = "$can" ] || {
			echo "$row: probe says $can, and it is $really:"
			tail -n 3 "$folder/trader"
		}
	done < <(grep "^$kind|" "$folder/probe")
}
expect_none 'receive paths run where it says so' \
	< <(agree 'receive path' --receive env)
expect_none 'and only there: without CAP_NET_RAW' \
	< <(agree 'receive path' --receive without -net_raw)
expect_none 'and without CAP_BPF' \
	< <(agree 'receive path' --receive without "$no_bpf")
expect_none 'transports run where it says so' < <(agree transport --transport env)
# The substitution's last one would stay when it ends.
expect_none 'channels too' \
	< <(agree channel --channel env; kill "$exchange")
finish
