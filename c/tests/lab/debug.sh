#!/bin/bash
# SPDX-License-Identifier: MIT
# The debug page, domains/debug/README.md: its commands run, and what gdb
# says is what the page shows. A gigabyte of symbols is fetched and a guest
# booted: not in `make test`, but by `make -C c test-debug`.
# Makes guests: one, whose CPU may be emulated.
#
#	T2T_DEBUG=1		do it
#	T2T_SYMBOLS=FOLDER	symbols that were fetched before, by build ID
#	T2T_DEBUG_LAB=FOLDER	in a lab of one guest that is up, of lab.bash
set -u
if [ -z "${T2T_DEBUG:-}" ]; then
	# shellcheck source=tests/tap.bash
	. tests/tap.bash
	skip 'the debug page' 'a gigabyte of symbols: make -C c test-debug'
	finish
fi
here=${T2T_DEBUG_LAB:-}
if [ -n "$here" ]; then
	LAB_APART=$here
	# shellcheck source=tests/lab/lab.bash
	. tests/lab/lab.bash
else
	# shellcheck source=tests/lab/lab.bash
	. tests/lab/lab.bash
	hindrance=$(lab_hindrance)
	for program in gdb readelf zstd; do
		command -v $program >/dev/null ||
			hindrance="no $program: make deps-debug"
	done
	if [ -n "$hindrance" ]; then
		rm -r "$folder"
		skip 'the debug page' "$hindrance"
		finish
	fi
	lab_apart
fi
page=../domains/debug/README.md
pids=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	[ -n "$here" ] && return
	[ ! -e "$LAB_FOLDER/record.json" ] || lab_play teardown
	rm -rf --one-file-system "$folder"
}
trap clean EXIT
trap 'exit 143' TERM

# The page's lines, as they are in a lab with other names.
shell() { # block
	python3 -B tests/lab/page.py shell $page "$1" |
		sed "s/10\.77\.0/10.78.0/; s/t2t-lab0/t2t-test0/; s/ &$//"
}
verb() { make --no-print-directory -C .. -o deps-debug "$@"; }

name='a lab of one guest, as the page asks for it'
if [ -z "$here" ]; then
	settings=$(shell 1 | sed -n "s/^make up SET='\(.*\)'$/\1/p")
	lab_inventory
	if [ -n "$settings" ] && lab_play up -e "$settings"; then
		pass "$name"
	else
		fail "$name" <"$folder/up.log"
		finish
	fi
	[ -z "${T2T_SYMBOLS:-}" ] ||
		cp -r "$T2T_SYMBOLS" "$LAB_FOLDER/symbols"
fi

mapfile -t lines < <(shell 1 | grep -v '^make \(up\|debug\)')
for line in "${lines[@]}"; do
	(cd .. && exec bash -c "exec $line") >>"$folder/programs.log" 2>&1 </dev/null &
	pids+=($!)
	sleep 3
done
name='the page starts an exchange and a trader'
for ((i = 0; i < 60; i++)); do
	grep -q 'state TRANSMIT' "$folder/programs.log" && break
	sleep 1
done
if [ ${#pids[@]} = 2 ] && [ $i -lt 60 ]; then
	pass "$name"
else
	fail "$name" <"$folder/programs.log"
fi

name='gdb says what the page shows'
python3 -B tests/lab/page.py commands $page >"$folder/page.gdb"
if timeout 1800 make --no-print-directory -C .. -o deps-debug debug \
	RUN="$folder/page.gdb" >"$folder/gdb.out" 2>&1 </dev/null &&
	python3 -B tests/lab/page.py check $page "$folder/gdb.out" \
		>"$folder/lacking"; then
	pass "$name"
else
	fail "$name" < <(
		sed 's/^/not said: /' "$folder/lacking"
		tail -n 60 "$folder/gdb.out"
	)
fi

runs() { virsh -c qemu:///system domstate "${prefix}trader"; }
name='then the guest goes on, and its stub is gone'
if [ "$(runs | xargs)" = running ] &&
	! ls /var/lib/libvirt/qemu/domain-*/gdb.sock 2>/dev/null &&
	timeout 120 ssh -F "$LAB_FOLDER/ssh_config" trader true </dev/null; then
	pass "$name"
else
	fail "$name" < <(runs)
fi

name='while it is looked at, the lab is in use'
(verb debug RUN=<(echo 'shell sleep 20') >"$folder/held.log" 2>&1) &
holder=$!
for ((i = 0; i < 200; i++)); do
	grep -q '^gdb ' "$folder/held.log" && break
	sleep 0.1
done
verb debug >"$folder/second.log" 2>&1 </dev/null
if grep -q 'make debug: in use: the lab in ' "$folder/second.log"; then
	pass "$name"
else
	fail "$name" <"$folder/second.log"
fi
wait $holder

name='a dump of its memory tells its kernel'
verb crash RESULT="$folder/crash" >"$folder/crash.log" 2>&1
if readelf --notes "$folder/crash/memory.elf" 2>&1 |
	grep -q VMCOREINFO && grep -q '^open it by crash' "$folder/crash.log" &&
	[ "$(runs | xargs)" = running ]; then
	pass "$name"
else
	fail "$name" <"$folder/crash.log"
fi
finish
