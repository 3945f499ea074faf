# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of the lab: a lab of their own beside the user's, with
# names, subnets and a folder that are not his.
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/lab/image.bash
. tests/lab/image.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash

BUILD=$(realpath "${BUILD:-build}")
folder=${LAB_APART:-$(mktemp -d)}
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
	for program in ansible-playbook libvirtd virtlogd qemu-system-x86_64 \
		mmdebstrap jq ethtool script unshare rsync; do
		command -v $program >/dev/null || {
			echo "no $program: make deps-lab"
			return
		}
	done
	image_there 2>"$folder/image.log" ||
		echo "no image: $(cat "$folder/image.log")"
}

# The script once more, in namespaces of its own for mounts, network, processes
# and IPC, with its own /run, libvirt's folders, /dev/kvm and home: neither the
# user's lab nor another test's is met, and whatever is left ends with them. Of
# the machine remain huge pages, vm.* and kernel.*.
lab_apart() {
	local path
	if [ -z "${LAB_APART:-}" ]; then
		trap - EXIT
		LAB_APART=$folder exec unshare --mount --net --ipc --pid --fork \
			--mount-proc --kill-child bash "$0"
	fi
	# That of this network; and no control groups, whose names are those of
	# the machine's other domains too.
	umount -R /sys && mount -t sysfs sysfs /sys &&
		mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/lock || exit
	for path in /etc/libvirt /var/lib/libvirt /var/log/libvirt \
		/var/cache/libvirt; do
		mkdir -p "$folder$path" $path
		rsync -a --include='*/' --include='/*.conf' --exclude='*' \
			$path/ "$folder$path/"
		mount --bind "$folder$path" $path || exit
	done
	# sudo takes away core files, and not every root may give them back;
	# libvirt insists on them.
	(ulimit -Hc unlimited) 2>/dev/null ||
		echo 'max_core = 0' >>/etc/libvirt/qemu.conf
	if [ -e /dev/kvm ]; then
		cp -a /dev/kvm /run/kvm && mount --bind /run/kvm /dev/kvm || exit
	fi
	ip link set lo up
	export HOME=$folder/home
	mkdir -p "$HOME"
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

# A login costs an emulated guest a second and more: the next one within ten
# comes over the same connection.
lab_ssh_stdin() { # guest, command
	ssh -F "$LAB_FOLDER/ssh_config" -o ControlMaster=auto \
		-o ControlPath="$folder/ssh-%n" -o ControlPersist=10 "$@"
}
lab_ssh() { lab_ssh_stdin "$@" </dev/null; }

# All that up may change and teardown has to put back.
lab_dump() {
	virsh -q -c qemu:///system list --all --name 2>/dev/null | sort
	ip -o link | sed 's/^[0-9]*: //; s/\\.*//; s/ qlen.*//' | sort
	ip -o address | awk '{ print "address", $2, $4 }' | sort
	ip route | sort
	grep -v ' /run/netns' /proc/mounts | sort
	grep . /sys/kernel/mm/hugepages/*/nr_hugepages
	stat -c '%a %u:%g %n' /dev/kvm 2>/dev/null
	# ssh asks for the user's home, not for $HOME.
	cksum ~root/.ssh/known_hosts 2>/dev/null
	# Of this PID namespace: in others there may be somebody's containers.
	# What has ended and was not waited for yet is none.
	ps -e -o pidns=,stat=,comm= | awk -v own="$(lsns -n -t pid -o NS -p $$)" \
		'$1 == own && $2 !~ /^Z/ { print "process", $3 }' |
		grep -E 'libvirtd|virtlogd|qemu|dnsmasq|ssh$|t2t-' | sort
	# libvirt makes empty folders for itself where it finds none.
	find /run/libvirt /etc/libvirt /var/log/libvirt /var/lib/libvirt \
		! -type d 2>/dev/null | sort
	find /run/libvirt /run/t2t-experiment ~/.ansible/t2t-* 2>/dev/null | sort
	# What ansible-lint keeps for itself, beside it, is not the lab's.
	find ../ansible ../images ../inventory \( -name build -o \
		-name __pycache__ -o -name .ansible \) -prune -o -print | sort
}

# All that an experiment's knobs may turn, of this machine and of the guests (or
# of those that are named); without what changes by itself. Fails where it
# can't look: two machines that were not looked at are alike.
lab_knobs() { # file that it goes into, machines...
	local file=$1 machine script
	shift
	[ $# -gt 0 ] || set -- host exchange trader
	# shellcheck disable=SC2016 # that shell expands it
	script='
	for tool in ethtool tc; do
		command -v $tool >/dev/null || { echo "no $tool" >&2; exit 1; }
	done
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
		done | sed "s,^,${interface##*/}: ,"
	done
	tc qdisc show'
	for machine; do
		if [ "$machine" = host ]; then
			sh -c "$script" >"$file.part" || return
		else
			lab_ssh_stdin "$machine" sudo sh -s <<<"$script" \
				>"$file.part" || return
		fi
		sed "s/^/$machine /" "$file.part"
	done >"$file"
}

# Knobs of the machine (vm.*, kernel.*, transparent huge pages) are one for all:
# who turns them, or looks whether somebody did, is alone with them.
lab_machine_knobs() {
	exec 8>"$BUILD/machine-knobs.lock"
	flock 8
}
lab_machine_knobs_free() { flock -u 8; }

# A playbook that is killed, with all that belongs to it, before the task
# ("role : name"), or after so many changes. Fails where it was not.
lab_killed() { # name of the playbook, task or number
	local log=$folder/$1.log pid code
	(cd ../ansible && LAB_KILL_AT=$2 exec setsid ansible-playbook \
		-i "$inventory" "$1.yml") >"$log" 2>&1 </dev/null &
	pid=$!
	wait $pid 2>/dev/null
	code=$?
	# Its workers, should there be any.
	pkill -KILL -s $pid
	[ $code = 137 ] && grep -q '^killed ' "$log"
}
