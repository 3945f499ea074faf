# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of the lab: a lab of their own beside the user's, with
# names, subnets and a folder that are not his.
# shellcheck source=tests/tap.bash
. tests/tap.bash

BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
chmod 755 "$folder"
inventory=$folder/inventory
export LAB_FOLDER=$folder/lab
prefix=t-

# Why this machine can't run it; empty if it can.
lab_hindrance() {
	local program
	[ "$(id -u)" = 0 ] || {
		echo 'wants root'
		return
	}
	for program in ansible-playbook libvirtd qemu-system-x86_64 mmdebstrap jq; do
		command -v $program >/dev/null || {
			echo "no $program: make deps-lab"
			return
		}
	done
	[ -e ../images/build/manifest.json ] ||
		../images/make-image >"$folder/image.log" 2>&1 ||
		echo "no image: $(grep make-image: "$folder/image.log" | tail -n 1)"
}

lab_inventory() {
	rm -rf "$inventory"
	cp -r ../inventory/lab "$inventory"
	sed -i -e "s/^lab_prefix:.*/lab_prefix: $prefix/" \
		-e 's/t2t-lab0/t2t-test0/; s/t2t-mgmt0/t2t-test1/' \
		-e 's/"10\.77\.0"/"10.78.0"/; s/"10\.77\.1"/"10.78.1"/' \
		"$inventory/group_vars/all.yml"
}

# Of one host: the line takes the place of what was set before.
lab_set() { # host, variable: value...
	local file=$inventory/host_vars/$1.yml
	cp "../inventory/lab/host_vars/$1.yml" "$file"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" >>"$file"
}

# Output goes to $folder/NAME.log. The exit code is the playbook's.
lab_play() { # name of the playbook, arguments...
	local name=$1
	shift
	(cd ../ansible && exec ansible-playbook -i "$inventory" "$name.yml" \
		"$@") >"$folder/$name.log" 2>&1 </dev/null
}

lab_ssh() { # guest, command
	ssh -F "$LAB_FOLDER/ssh_config" "$@" </dev/null
}

# All that up may change and teardown has to put back.
lab_dump() {
	virsh -q -c qemu:///system list --all --name 2>/dev/null | sort
	ip -o link | sed 's/^[0-9]*: //; s/\\.*//; s/ qlen.*//' | sort
	ip -o address | awk '{ print "address", $2, $4 }' | sort
	ip route | sort
	grep -v ' /run/netns' /proc/mounts | sort
	grep . /sys/kernel/mm/hugepages/*/nr_hugepages
	stat -c '%a %u:%g %n' /dev/kvm 2>/dev/null
	cksum ~/.ssh/known_hosts 2>/dev/null
	# Of this PID namespace: in others there may be somebody's containers.
	ps -e -o pidns=,comm= | awk -v own="$(lsns -n -t pid -o NS -p $$)" \
		'$1 == own { print "process", $2 }' |
		grep -E 'libvirtd|virtlogd|qemu|dnsmasq|ssh$|t2t-' | sort
	find /run/libvirt /etc/libvirt /var/log/libvirt /var/lib/libvirt \
		/run/t2t-experiment ~/.ansible/t2t-lab 2>/dev/null | sort
	find ../ansible ../images ../inventory \( -name build -o \
		-name __pycache__ \) -prune -o -print | sort
}

# All that an experiment's knobs may turn, of this machine and of the guests;
# without what changes by itself.
lab_knobs() {
	local machine script
	# shellcheck disable=SC2016 # that shell expands it
	script='
	cd /proc/sys && grep -rs "" net/core net/ipv4 vm kernel \
		--exclude-dir=random --exclude-dir=pty --exclude-dir=keys \
		--exclude=ns_last_pid --exclude=perf_event_max_sample_rate | sort
	cd /sys && grep -s "" class/net/*/napi_defer_hard_irqs \
		class/net/*/gro_flush_timeout class/net/*/threaded \
		class/net/*/tx_queue_len class/net/*/mtu \
		class/net/*/queues/*/*ps_cpus class/net/*/queues/*/rps_flow_cnt \
		kernel/mm/transparent_hugepage/* kernel/mm/hugepages/*/nr_* \
		devices/system/cpu/cpu*/cpufreq/scaling_governor
	grep -s "" /proc/irq/*/smp_affinity /proc/cmdline
	for interface in class/net/*; do
		for what in -k -c -g -l -a; do
			ethtool $what "${interface##*/}" 2>&1
		done
	done
	tc qdisc show'
	for machine in host exchange trader; do
		if [ $machine = host ]; then
			sh -c "$script"
		else
			ssh -F "$LAB_FOLDER/ssh_config" $machine sudo sh -s <<<"$script"
		fi | sed "s/^/$machine /"
	done
}

# A playbook that is killed, with all that belongs to it, when it has done so
# many of its steps and some more time has passed.
lab_killed() { # name, steps, seconds
	local name=$1 pid
	: >"$folder/$name.log"
	(cd ../ansible && exec setsid ansible-playbook -i "$inventory" \
		"$name.yml") >"$folder/$name.log" 2>&1 </dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null &&
		[ "$(grep -cE '^ *[0-9.]+ s  ' "$folder/$name.log")" -lt "$2" ]; do
		sleep 0.1
	done
	sleep "$3"
	pkill -KILL -s $pid
	wait $pid 2>/dev/null
}
