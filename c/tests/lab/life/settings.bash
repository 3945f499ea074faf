# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# What is asked for and what is there, and each model of NIC: all in one boot
# of the trader, which dies before it.

models=(e1000 e1000e vmxnet3 rtl8139 igb)

has_model() { # model
	qemu-system-x86_64 -device help 2>/dev/null | grep -q "^name \"$1\""
}

# One more NIC of each model on the lab's bridge, as the lab itself would define
# it: tap t-MODEL, MAC 52:54:00:78:00:NN, address 10.78.0.NN.
number_of() { # model
	local i
	for i in "${!models[@]}"; do
		[ "${models[i]}" != "$1" ] || echo $((20 + i))
	done
}
more_nics() {
	local model there=()
	for model in "${models[@]}"; do
		! has_model "$model" || there+=("$model: $(number_of "$model")")
	done
	# Looked up by itself, a part finds no other.
	sed "/include 'parts.nic_device/{
		r ../domains/parts/nic_device.xml.j2
		d
	}" ../domains/parts/nic_bridge.xml.j2 |
		sed "/include 'parts.nic_place/d" >"$folder/nic.xml.j2"
	cat <<-END
		nics: {$(IFS=,; echo "${there[*]}")}
		domain_raw_devices: >-
		  {% for model in nics %}{{
		  lookup('ansible.builtin.template', '$folder/nic.xml.j2',
		    template_vars={'domain': {'nic_model': model,
		      'nic_attachment': 'bridge', 'bridge_lab': domain_bridge_lab,
		      'tap_lab': lab_prefix ~ model, 'mac_lab': '52:54:00:78:00:' ~ nics[model]}})
		  | replace('ua-lab', 'ua-' ~ model)
		  }}{% endfor %}
	END
}

# Once in the guest: the only way to the lab leads over that NIC.
# shellcheck disable=SC2016 # the guest's shell expands it
on_nic='
set -e
mac=$1 address=$2
for path in /sys/class/net/*; do
	nic=${path##*/}
	[ "$(cat $path/address)" = $mac ] && found=$nic ||
		case $nic in lo | mgmt0) ;; *) ip link set $nic down ;; esac
done
ip address replace $address/24 dev $found
ip link set $found up
for i in $(seq 100); do
	[ "$(cat /sys/class/net/$found/carrier)" = 1 ] && break
	sleep 0.1
done
echo $found'

# The main job on a NIC of the trader, with the exchange on the host.
nic_trades() { # model
	local model=$1 number output=$folder/results/nic-$1 pids nic rate=500
	# Its ring has 64 places, in an emulated guest that may stand still.
	[ "$model" != rtl8139 ] || rate=200
	number=$(number_of "$model")
	mkdir -p "$output"
	nic=$(lab_ssh_stdin trader sudo sh -s \
		"52:54:00:78:00:$number" "10.78.0.$number" <<<"$on_nic") || return
	"$BUILD/t2t-wiretap" --interface "$prefix$model" --fifo 1 \
		--write "$output/capture.pcapng" >"$output/wiretap.log" 2>&1 &
	pids=($!)
	"$BUILD/t2t-exchange" --feed "$folder/nic-feed.csv.gz" \
		--listen 10.78.0.254:9012 --interface t2t-test0 \
		--group 239.255.0.1:12345 --pace rate:$rate --settle-ms 500 \
		>"$output/exchange.log" 2>&1 &
	pids+=($!)
	beside+=("${pids[@]}")
	within 30 grep -qs 'capturing on' "$output/wiretap.log" &&
		within 30 grep -qs 'state INIT' "$output/exchange.log" &&
		lab_ssh trader "cd /run && sudo timeout 300 /opt/t2t/t2t-trader \
			--connect 10.78.0.254:9012 --interface $nic \
			--connect-timeout-ms 60000 \
			--group 239.255.0.1:12345 \
			--threshold-usd $threshold --aggress opposite" \
			>"$output/trader.log" 2>&1
	set -- $?
	kill -INT "${pids[@]}"
	wait "${pids[@]}"
	[ "$1" = 0 ] || return
	"$BUILD/t2t-wiretap" --read "$output/capture.pcapng" \
		--group 239.255.0.1:12345 --threshold-usd "$threshold" \
		--aggress opposite --json >"$output/analysis.json" &&
		traded "$output/analysis.json"
}

# QEMU has no transmit ring of 1024 but for vhost-user. Since version 9 it refuses
# to start; older ones make it smaller, and the guest comes up.
impossible_ring() {
	local comes_up='a guest that does not come up is shown by its console'
	refuses 'up fails while the ring is impossible' \
		'The end of its console|Invalid tx_queue_size' \
		up -e guest_boot_timeout=1
	if grep -q 'Invalid tx_queue_size' "$folder/up.log"; then
		pass 'a ring that QEMU lacks is refused, and its reason told'
		possible_ring
		refuses "$comes_up" 'The end of its console' \
			up -e guest_boot_timeout=1
		works 'and comes up when it may take its time' up
		return
	fi
	pass "$comes_up"
	refuses 'a ring that QEMU clamps is found' \
		'nic_tx_ring, QEMU +1024 +256' up
	times up
	# The rest is as it was asked for: it is the one row.
	expect_none 'and nothing but the ring' < <(
		sed -n '/does not run as asked for/,/Ask for/p' "$folder/up.log" |
			grep -vE 'does not run|^ *knob +wanted|nic_tx_ring, |Ask for'
	)
	possible_ring
}
possible_ring() {
	sed -i 's/^domain_nic_tx_ring: 1024/domain_nic_tx_ring: 256/' \
		"$inventory/host_vars/trader.yml"
}

life_settings() {
	local name model
	virsh -q -c qemu:///system vcpupin "${prefix}trader" 0 0-1 >/dev/null
	refuses 'a pin that somebody moved is found' 'vcpupin 0' readback
	virsh -q -c qemu:///system vcpupin "${prefix}trader" 0 1 >/dev/null
	lost_trader

	lab_set trader 'domain_nic_rx_ring: 512' 'domain_nic_tx_ring: 1024' \
		'domain_nic_offloads: "off"' 'domain_kernel_arguments: nohz=off' \
		'domain_vcpus: 2' 'domain_nic_queues: 2' 'domain_hugepage_kib: 0' \
		"$(more_nics)"
	impossible_ring
	name='vCPUs, queues, rings, offloads, kernel command line are read back'
	if lab_play readback -e readback_show=true &&
		grep -qE 'ok +vcpus, guest +2 +2' "$folder/readback.log" &&
		grep -qE 'ok +nic_queues, guest +2 +2' "$folder/readback.log" &&
		grep -qE 'ok +nic_rx_ring, QEMU +512 +512' "$folder/readback.log" &&
		grep -qE 'ok +offload guest_tso4, QEMU +off +off' \
			"$folder/readback.log" &&
		grep -qE 'ok +kernel argument nohz=off' "$folder/readback.log"; then
		pass "$name"
		sed 's/^/# /' "$folder/readback.log"
	else
		fail "$name" <"$folder/readback.log"
	fi

	zcat "$feed" 2>/dev/null | head -n 3001 | gzip >"$folder/nic-feed.csv.gz"
	for model in "${models[@]}"; do
		name="NIC $model"
		if ! has_model "$model"; then
			skip "$name" "QEMU $(qemu-system-x86_64 --version |
				sed -n 's/.*version \([0-9.]*\).*/\1/p') has none"
			continue
		fi
		nic_is_there "$name is there, and the guest has its driver" "$model"
		if nic_trades "$model"; then
			pass "$name trades ($(how_much \
				"$folder/results/nic-$model/analysis.json"))"
		else
			fail "$name trades" < <(
				tail -n 20 "$folder/results/nic-$model"/*.log)
		fi
	done
	[ -z "${soak:-}" ] || soaked
}

# Of QEMU and of the guest's kernel, not of the definition.
nic_is_there() { # name of the test, model
	local type driver wanted=$2
	[ "$2" != rtl8139 ] || wanted=8139cp
	type=$(virsh -c qemu:///system qemu-monitor-command "${prefix}trader" \
		"{\"execute\": \"qom-get\", \"arguments\": {\"property\": \"type\",
		\"path\": \"/machine/peripheral/ua-$2\"}}" | jq -r .return)
	driver=$(lab_ssh trader "grep -l 52:54:00:78:00:$(number_of "$2") \
		/sys/class/net/*/address | sed 's,address,device/driver,' |
		xargs readlink")
	if [ "$type" = "$2" ] && [ "${driver##*/}" = "$wanted" ]; then
		pass "$1"
	else
		fail "$1" <<<"QEMU has '$type', the guest '$driver'"
	fi
}

# Now that some minutes have passed since the group was joined.
soaked() {
	local name='multicast still flows after 6 minutes'
	# shellcheck disable=SC2317 # called by within
	soak_over() {
		! kill -0 "$soak" 2>/dev/null ||
			[ "$(tail -n 1 "$folder/soak")" -ge 365 ]
	}
	within 400 soak_over
	if [ "$(tail -n 1 "$folder/soak")" -ge 365 ]; then
		pass "$name ($(tail -n 1 "$folder/soak") s)"
	else
		fail "$name" < <(tail -n 3 "$folder/soak")
	fi
}
