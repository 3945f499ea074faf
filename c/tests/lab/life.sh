#!/bin/bash
# SPDX-License-Identifier: MIT
# The life of a lab of two guests, from nothing to nothing again: killed at
# each step of its making and of its end, run, asked for what it can't do,
# with each model of NIC.
set -u
# shellcheck source=tests/lab/lab.bash
. tests/lab/lab.bash
soak='' sender=''
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ -z "$soak" ] || kill "$soak" "$sender" 2>/dev/null
	[ -e "$LAB_FOLDER/record.json" ] && lab_play teardown
	rm -rf "$folder"
}
trap clean EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

hindrance=$(lab_hindrance)
if [ -n "$hindrance" ]; then
	skip 'the life of a lab' "$hindrance"
	finish
fi
make -s -j"$(nproc)" BUILD="$BUILD" programs
feed=../../shared/data/binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz
threshold=100000
if [ ! -e "$feed" ]; then
	feed=$folder/feed.csv.gz
	"$BUILD/t2t-feedgen" --quiet --bytes 1000000 --seed 1 --triggers 0.01 \
		--output "$feed" >/dev/null
fi
feed=$(realpath "$feed")

# Of the last playbook: its steps and their times, for who reads the log.
times() { # name
	sed -n 's/^ *\([0-9.]* s  .*\)/# \1/p' "$folder/$1.log"
}

works() { # name of the test, playbook, arguments...
	local name=$1
	shift
	if lab_play "$@"; then
		pass "$name"
		times "$1"
	else
		fail "$name" <"$folder/$1.log"
	fi
}

# Fails, and says the text (a regular expression).
refuses() { # name of the test, text, playbook, arguments...
	local name=$1 text=$2
	shift 2
	if ! lab_play "$@" && grep -qE -e "$text" "$folder/$1.log"; then
		pass "$name"
	else
		fail "$name" < <(
			echo "wanted a failure, and: $text"
			cat "$folder/$1.log"
		)
	fi
}

# A correct run with orders in it.
trades() { # name, lines, arguments...
	local name=$1 lines=$2 output
	shift 2
	output=$folder/results/${name//[^a-z0-9]/-}
	if lab_play experiment -e "experiment_feed=$feed" \
		-e "experiment_lines=$lines" -e "experiment_output=$output" \
		-e "experiment_threshold_usd=$threshold" "$@" &&
		jq -e '.correct and .complete and .matched > 0 and
			.matched == .triggers and .lost_packets == 0' \
			"$output/analysis.json" >/dev/null; then
		pass "$name ($(jq -r '"\(.packets) packets, \(.matched) orders"' \
			"$output/analysis.json"))"
	else
		fail "$name" <"$folder/experiment.log"
	fi
	grep -E '^(wire to wire|known bias|place)' "$folder/experiment.log" |
		sed 's/^/# /'
}

lab_inventory
lab_dump >"$folder/before"

# -- Making it, killed at each step: with nothing done yet, and so on.
for steps in 0 1 2 3 4 5 6 7 8 9 10; do
	lab_killed up $steps 0.7
done
works 'up works after kill -9 at each of its steps' up
works 'a second up' up
name='a second up changes nothing'
if grep -q ' changed=0 failed=0' "$folder/up.log"; then
	pass "$name"
else
	fail "$name" <"$folder/up.log"
fi

name='status says that it is up'
if LAB_QUIET=1 lab_play status -e status_output=json &&
	jq -e '.lab == "up" and ([.guests[] | .state] == ["running", "running"])' \
		"$folder/status.log" >/dev/null; then
	pass "$name"
else
	fail "$name" <"$folder/status.log"
fi

# In the guest that goes on while the other one is started anew and anew:
# one datagram a second to a group that was joined once.
ssh -F "$LAB_FOLDER/ssh_config" exchange "python3 -uc '
import socket, struct, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((\"239.255.0.9\", 12399))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack(
	\"4s4s\", socket.inet_aton(\"239.255.0.9\"), socket.inet_aton(\"10.78.0.1\")))
sock.settimeout(30)
joined = time.monotonic()
while True:
	sock.recv(100)
	print(int(time.monotonic() - joined))
'" </dev/null >"$folder/soak" 2>&1 &
soak=$!
"$BUILD/t2t-frames" --interface t2t-test0 --group 239.255.0.9:12399 \
	--frames 100000 --rate 1 &
sender=$!

name='the guests: no password, no other way in than the key'
if lab_ssh trader "sudo awk -F: '\$2 !~ /^[!*]/' /etc/shadow; \
	sudo sshd -T | grep -E '^(passwordauthentication|kbdinteractive)'" \
	>"$folder/guest.log" 2>&1 &&
	[ "$(grep -c ' no$' "$folder/guest.log")" = 2 ] &&
	[ "$(wc -l <"$folder/guest.log")" = 2 ] &&
	[ "$(stat -c %a "$LAB_FOLDER/key")" = 600 ]; then
	pass "$name"
else
	fail "$name" <"$folder/guest.log"
fi

name='the console is a shell'
# shellcheck disable=SC2016 # the guest's shell expands it
# What is typed before the console is open is lost.
typed() {
	sleep 3
	printf '\recho made of $((40 + 2))\r'
	sleep 10
}
if typed | timeout 30 script -qec "virsh -c qemu:///system console ${prefix}trader --force" \
		/dev/null 2>&1 | tr -d '\r' | grep -q 'made of 42'; then
	pass "$name"
else
	fail "$name" < <(tail -n 5 "$LAB_FOLDER/console/${prefix}trader.log")
fi

# -- Running it.
trades 'two guests, virtio' 8000
name='the manifest holds each knob, wanted and found'
manifest=$folder/results/two-guests--virtio/manifest.json
if jq -e '.accelerator == (.machines.trader.qemu.accelerator) and
	([.machines[].knobs[] | select(.wanted == null or .found == null)] == []) and
	(.machines.trader.knobs | length) > 10 and
	.bias.back_to_back_ns.count > 900 and
	(.host.image.products["guest.qcow2"].sha256 | length) == 64' \
	"$manifest" >/dev/null; then
	pass "$name"
else
	fail "$name" <"$manifest"
fi

# -- A campaign, killed while the guest's knobs are turned, and gone on with.
campaign=(ansible-playbook -i "$inventory" experiment.yml
	-e experiment=busy-poll -e "experiment_only='interrupt prefer'"
	-e experiment_blocks=1 -e "experiment_feed=$feed"
	-e experiment_lines=3000 -e "experiment_threshold_usd=$threshold"
	-e "experiment_output=$folder/results/campaign")
turned() {
	[ "$(lab_ssh trader cat /sys/class/net/lab0/napi_defer_hard_irqs)" = 2 ]
}
lab_knobs >"$folder/knobs"
(cd ../ansible && exec setsid "${campaign[@]}") \
	>"$folder/campaign.log" 2>&1 </dev/null &
pid=$!
until turned || ! kill -0 $pid 2>/dev/null; do sleep 0.3; done
pkill -KILL -s $pid
wait $pid 2>/dev/null
name='a killed campaign leaves its knobs turned'
if turned; then pass "$name"; else fail "$name" <"$folder/campaign.log"; fi
works 'make restore' restore
expect_none 'it puts back every knob of host and guests' \
	< <(lab_knobs | diff "$folder/knobs" -)
name='the campaign goes on to its end, and has its report'
if (cd ../ansible && "${campaign[@]}" -e experiment_resume=true) \
	>"$folder/campaign.log" 2>&1 </dev/null &&
	jq -e '.state == "complete" and (.experiment.trials | length) == 3' \
		"$folder/results/campaign/manifest.json" >/dev/null &&
	jq -e '[.arms[].correct] == [true, true, true]' \
		"$folder/results/campaign/summary.json" >/dev/null &&
	[ -s "$folder/results/campaign/report.html" ]; then
	pass "$name"
	grep -A8 '^wire to wire' "$folder/campaign.log" | sed 's/^/# /'
else
	fail "$name" <"$folder/campaign.log"
fi
expect_none 'and every knob is as it was' \
	< <(lab_knobs | diff "$folder/knobs" -)

trades 'the exchange on the host' 3000 -e exchange_place=host

# The guests as if they were machines of somebody's.
cp -r ../inventory/metal "$folder/metal"
for guest in exchange trader; do
	number=$([ $guest = exchange ] && echo 1 || echo 2)
	sed -i -e "s/^ansible_host:.*/ansible_host: 10.78.1.1$number/" \
		-e 's/^experiment_interface:.*/experiment_interface: lab0/' \
		-e "s/^experiment_address:.*/experiment_address: 10.78.0.$number/" \
		"$folder/metal/host_vars/$guest.yml"
done
sed -i 's/^ansible_ssh_common_args:.*//' "$folder/metal/group_vars/machines.yml"
cat >>"$folder/metal/group_vars/machines.yml" <<END
ansible_ssh_common_args: -F $LAB_FOLDER/ssh_config
lab_build_root: true
experiment_pace: rate:500
END
sed -i 's/^lab_build_root:.*/lab_build_root: true/' "$folder/metal/group_vars/all.yml"
mv "$inventory" "$folder/inventory.lab"
mv "$folder/metal" "$inventory"
trades 'as two machines of metal' 3000
mv "$inventory" "$folder/metal"
mv "$folder/inventory.lab" "$inventory"

# -- What is asked for and what is there.
virsh -q -c qemu:///system vcpupin ${prefix}trader 0 0-1 >/dev/null
refuses 'a pin that somebody moved is found' 'vcpupin 0' readback
lab_set trader 'domain_nic_tx_ring: 1024'
refuses 'a ring that QEMU clamps is found' 'nic_tx_ring, QEMU +1024 +256' up
lab_set trader 'domain_nic_rx_ring: 512' 'domain_nic_offloads: "off"' \
	'domain_kernel_arguments: nohz=off' 'domain_vcpus: 2' \
	'domain_nic_queues: 2' 'domain_hugepage_kib: 0'
refuses 'a guest that does not come up is shown by its console' \
	'The end of its console' up -e guest_boot_timeout=1
works 'vCPUs, queues, rings, offloads, kernel command line' up
name='they are read back as they were asked for'
if lab_play readback -e readback_show=true &&
	grep -qE 'ok +nic_queues, guest +2 +2' "$folder/readback.log" &&
	grep -qE 'ok +nic_rx_ring, QEMU +512 +512' "$folder/readback.log" &&
	grep -qE 'ok +kernel argument nohz=off' "$folder/readback.log"; then
	pass "$name"
	sed 's/^/# /' "$folder/readback.log"
else
	fail "$name" <"$folder/readback.log"
fi

# -- Models of NIC.
for model in e1000 e1000e vmxnet3 rtl8139 igb; do
	name="NIC $model"
	if ! qemu-system-x86_64 -device help 2>/dev/null |
		grep -q "^name \"$model\""; then
		skip "$name" "QEMU $(qemu-system-x86_64 --version |
			sed -n 's/.*version \([0-9.]*\).*/\1/p') has none"
		continue
	fi
	lab_set trader "domain_nic_model: $model"
	works "$name boots and is read back" up
	trades "$name trades" 3000
done

# -- Multicast, now that some minutes have passed since the group was joined.
name='multicast still flows after 6 minutes'
while kill -0 $soak 2>/dev/null && [ "$(tail -n 1 "$folder/soak")" -lt 365 ]; do
	sleep 1
done
if [ "$(tail -n 1 "$folder/soak")" -ge 365 ]; then
	pass "$name ($(tail -n 1 "$folder/soak") s)"
else
	fail "$name" < <(tail -n 3 "$folder/soak")
fi
kill $soak $sender 2>/dev/null
soak=

# -- Its end: killed again and again, and by the record alone.
mv "$inventory" "$folder/gone"
inventory=localhost,
for seconds in 2 3 4 6 8; do
	lab_killed teardown 0 $seconds
done
works 'teardown works after kill -9 in the middle, without the inventory' teardown
works 'a second teardown' teardown
name='the machine is as it was'
if lab_dump | diff "$folder/before" - >"$folder/diff"; then
	pass "$name"
else
	fail "$name" <"$folder/diff"
fi
finish
