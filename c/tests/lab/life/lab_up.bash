# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# Two guests as the inventory has them: what is there, who gets in, and that
# they trade.

# In the guest that goes on while the other one is started anew: one datagram a
# second to a group that was joined once.
life_soak() {
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
	beside+=("$soak" $!)
}

# Typed once something listens: what comes before is lost.
console_answers() {
	local child said=$folder/console
	mkfifo "$folder/typed"
	# When it ends, it ends its process group too.
	setsid script -qefc "virsh -c qemu:///system console ${prefix}trader --force" \
		/dev/null <"$folder/typed" >"$said" 2>&1 &
	child=$!
	beside+=("$child")
	exec 5>"$folder/typed"
	# shellcheck disable=SC2016 # the guest's shell expands it
	within 60 grep -q 'Escape character' "$said" &&
		printf '\r' >&5 &&
		within 60 grep -qE '[#$] *$' "$said" &&
		printf 'echo made of $((40 + 2))\r' >&5 &&
		within 60 grep -q 'made of 42' "$said"
	set -- $?
	exec 5>&-
	kill "$child" 2>/dev/null
	wait "$child" 2>/dev/null
	return "$1"
}

life_lab_up() {
	local name manifest guest found
	local clock=/sys/devices/system/clocksource/clocksource0
	life_soak

	name='status says that it is up'
	if LAB_QUIET=1 lab_play status -e status_output=json &&
		jq -e '.lab == "up" and
			([.guests[] | .state] == ["running", "running"])' \
			"$folder/status.log" >/dev/null; then
		pass "$name"
	else
		fail "$name" <"$folder/status.log"
	fi

	name='the guests: no password, no other way in than the key'
	if lab_ssh trader "sudo awk -F: '\$2 !~ /^[!*]/' /etc/shadow; sudo sshd -T |
		grep -E '^(passwordauthentication|kbdinteractive)'" \
		>"$folder/guest.log" 2>&1 &&
		[ "$(grep -c ' no$' "$folder/guest.log")" = 2 ] &&
		[ "$(wc -l <"$folder/guest.log")" = 2 ] &&
		[ "$(stat -c %a "$LAB_FOLDER/key")" = 600 ]; then
		pass "$name"
	else
		fail "$name" <"$folder/guest.log"
	fi

	name='the guests keep time by the TSC, or by what KVM has in its place'
	expect_none "$name" < <(
		for guest in exchange trader; do
			found=$(lab_ssh $guest cat "$clock/current_clocksource")
			[[ $found =~ ^(tsc|kvm-clock)$ ]] || echo "$guest: '$found'"
		done
	)

	name='programs lie where they were where CPUs are emulated, and only there'
	found=$(virsh -c qemu:///system dumpxml "${prefix}trader" |
		sed -n "s/^<domain type='\([a-z]*\)'.*/\1/p")
	expect_none "$name" < <(
		lab_ssh trader cat /proc/sys/kernel/randomize_va_space |
			diff - <([ "$found" = qemu ] && echo 0 || echo 2)
	)

	name='the console is a shell'
	if console_answers; then
		pass "$name"
	else
		fail "$name" < <(
			cat "$folder/console"
			tail -n 5 "$LAB_FOLDER/console/${prefix}trader.log"
		)
	fi

	trades 'two guests, virtio' 8000
	name='the manifest holds each knob, wanted and found'
	manifest=$folder/results/two-guests--virtio/manifest.json
	if jq -e '.accelerator == (.machines.trader.qemu.accelerator) and
		([.machines[] | (.knobs // [])[] |
			select(.wanted == null or .found == null)] == []) and
		(.machines.trader.knobs | length) > 10 and
		(.lab.image.products["guest.qcow2"].sha256 | length) == 64' \
		"$manifest" >/dev/null && jq -e '.back_to_back_ns.count > 900' \
		"${manifest%/*}/bias/analysis.json" >/dev/null; then
		pass "$name"
	else
		fail "$name" <"$manifest"
	fi
	# As with -K, where the host's sudo wants a password and the guests' does
	# not.
	trades 'the exchange on the host' 3000 -e exchange_place=host \
		-e ansible_become_password=unasked
	life_metal
}

# The guests as if they were machines of somebody's.
life_metal() {
	local guest number
	cp -r ../inventory/metal "$folder/metal"
	for guest in exchange trader; do
		number=$([ $guest = exchange ] && echo 1 || echo 2)
		sed -i -e "s/^ansible_host:.*/ansible_host: 10.78.1.1$number/" \
			-e 's/^experiment_interface:.*/experiment_interface: lab0/' \
			-e "s/^experiment_address:.*/experiment_address: 10.78.0.$number/" \
			"$folder/metal/host_vars/$guest.yml"
	done
	sed -i 's/^ansible_ssh_common_args:.*//' \
		"$folder/metal/group_vars/machines.yml"
	cat >>"$folder/metal/group_vars/machines.yml" <<-END
		ansible_ssh_common_args: -F $LAB_FOLDER/ssh_config
		lab_build_root: true
		experiment_pace: rate:500
	END
	sed -i 's/^lab_build_root:.*/lab_build_root: true/' \
		"$folder/metal/group_vars/all.yml"
	mv "$inventory" "$folder/inventory.lab"
	mv "$folder/metal" "$inventory"
	trades 'as two machines of metal' 3000
	mv "$inventory" "$folder/metal"
	mv "$folder/inventory.lab" "$inventory"
}
