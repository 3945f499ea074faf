#!/bin/bash
# SPDX-License-Identifier: MIT
# What can't be is refused with the name of the setting, and before anything
# is changed: links, mounts, huge pages, processes, libvirt's files and the
# lab's folder are as they were. All of it in namespaces of its own, with a
# libvirtd of its own: nothing of the user's is touched.
set -u
# shellcheck source=tests/lab/lab.bash
. tests/lab/lab.bash
limit=120
trap 'rm -rf --one-file-system "$folder"' EXIT

for program in ansible-playbook virsh libvirtd virtlogd unshare findmnt jq rsync; do
	if ! command -v $program >/dev/null; then
		skip 'refusals' "no $program"
		finish
	fi
done
if [ "$(id -u)" != 0 ]; then
	skip 'refusals' 'wants root, for namespaces of its own'
	finish
fi
lab_apart

# -- From here on nothing is seen outside.

work=$folder
# Should one not be refused, it must not reserve the machine's huge pages; and
# those that somebody else takes meanwhile are none of its doing.
mkdir "$work/hugepages"
cp -r /sys/kernel/mm/hugepages/. "$work/hugepages/" 2>/dev/null
mount -o remount,bind,ro /sys
mount --bind "$work/hugepages" /sys/kernel/mm/hugepages
mkdir -p /etc/libvirt/qemu /var/log/libvirt/qemu
printf '%s\n' 'auth_unix_rw = "none"' >/etc/libvirt/libvirtd.conf
: >/etc/libvirt/qemu.conf
export PYTHONDONTWRITEBYTECODE=1

# An image as far as the doctor looks.
images=$work/images
mkdir "$images"
echo '{"kernels": {"stock": {}, "rt": {}}, "products": {}}' \
	>"$images/manifest.json"

state() {
	ip -json -details address | jq -c '.[] | [.ifname, .address, .operstate,
		.linkinfo.info_kind, [.addr_info[].local]]'
	ip -json route | jq -c '.[] | [.dst, .dev]'
	# A test beside this one may make namespaces, and end them.
	findmnt -rno TARGET,FSTYPE | grep -v '^/run/netns/'
	grep . /sys/kernel/mm/hugepages/*/nr_hugepages
	stat -c '%n %a %u:%g' /dev/kvm /dev/vhost-net 2>/dev/null
	ps -e -o comm= | sed -E '/^(bash|ps|sed|sort)$/d' | sort
	virsh -q list --all 2>/dev/null
	find /etc/libvirt /var/lib/libvirt /var/log/libvirt /run \
		! -type s ! -name 'libvirtd.log' -printf '%p %y %s\n' | sort
	# Results are other tests', which run beside this one.
	find .. -mindepth 1 \( -name build -o -name __pycache__ -o -path ../.git -o \
		-path ../results \) -prune -o \
		-newer "$work/stamp" -print
	ls -Ad "$LAB_FOLDER" "$work"/lab* 2>/dev/null
}

# Fails, says the text (a regular expression), and leaves all as it was.
refuses() { # name, text, command...
	local name=$1 text=$2 code
	shift 2
	touch "$work/stamp"
	state >"$work/before"
	timeout $limit "$@" >"$work/out" 2>&1 </dev/null
	code=$?
	state >"$work/after"
	if [ $code != 0 ] && [ $code != 124 ] &&
		grep -qE -e "$text" "$work/out" &&
		! grep -q 'Traceback' "$work/out" &&
		cmp -s "$work/before" "$work/after"; then
		pass "$name"
	else
		fail "$name" < <(
			echo "ended with $code; expected /$text/"
			diff "$work/before" "$work/after"
			tail -n 40 "$work/out"
		)
	fi
}

# shellcheck disable=SC2317 # called by a shell of its own, under timeout
up() { # setting...
	local settings=() setting
	for setting; do settings+=(-e "$setting"); done
	(cd ../ansible && ansible-playbook -i ../inventory/lab up.yml \
		-e "lab_images=$images" "${settings[@]}")
}
export -f up
export images

refuses_up() { # name, text, setting...
	local name=$1 text=$2
	shift 2
	# shellcheck disable=SC2016 # for that shell
	refuses "$name" "$text" bash -c 'up "$@"' bash "$@"
}

# What a make verb says; what it installs and builds comes before, and is not
# what is looked at here.
# shellcheck disable=SC2317 # as above
verb() {
	make --no-print-directory -C .. -o deps-lab -o build -o image "$@"
}
export -f verb

# -- Guests

# Several of one `up`, each by its row: it is the first one's exit code, and the
# machine is as it was after all of them.
refuse_up() { # name, text, name, text..., -- setting...
	local name=$1 text=$2 more=()
	shift 2
	while [ "$1" != -- ]; do
		more+=("$1")
		shift
	done
	shift
	refuses_up "$name" "$text" "$@"
	set -- "${more[@]}"
	while [ $# -gt 0 ]; do
		if grep -qE -e "$2" "$work/out"; then
			pass "$1"
		else
			fail "$1" < <(
				echo "expected /$2/"
				cat "$work/out"
			)
		fi
		shift 2
	done
}

name='a NIC that this QEMU lacks'
if qemu-system-x86_64 -device help 2>/dev/null | grep -q '^name "igb"'; then
	skip "$name" 'this QEMU has all six'
else
	refuses_up "$name" 'domain_nic_model +igb, not in QEMU' \
		domain_nic_model=igb
fi
refuses_up 'a setting that there is not' 'no such setting: domain_nic_modle' \
	domain_nic_modle=e1000
refuses_up 'a number that is none' 'domain_vcpus.*int' domain_vcpus=two
refuses_up 'a choice that there is not' 'domain_nic_driver must be one of' \
	domain_nic_driver=vhosst
refuses_up 'an exchange nowhere' 'exchange_place: cloud: neither' \
	exchange_place=cloud
refuse_up 'a NIC that there is not' 'domain_nic_model +e1001 +one of virtio' \
	'no vCPU' 'domain_vcpus +0 +1 to 64' \
	'an emulator on a CPU that is offline' 'domain_emulatorpin +CPU 4095' \
	'disks served on what is no CPU' 'domain_iothreadpin +CPU first' \
	'a machine that QEMU has not' 'domain_machine +q36' \
	'a kernel that was not made' \
	'domain_kernel +rtt +one that was made: stock, rt' \
	'XML that is none' \
	'trader: domain_raw_xml +line 1: mismatched tag' \
	'XML that is none, of a device' \
	'trader: domain_raw_devices +no element: watchdog' \
	'huge pages of a size that there is not' \
	'huge pages of 4096 KiB .*domain_hugepage_kib|domain_hugepage_kib' -- \
	domain_nic_model=e1001 domain_vcpus=0 domain_emulatorpin=4095 \
	domain_iothreadpin=first domain_machine=q36 domain_kernel=rtt \
	'{"domain_raw_xml": "<qemu:commandline><qemu:arg></qemu:commandline>"}' \
	'{"domain_raw_devices": "watchdog"}' domain_hugepage_kib=4096
refuse_up 'a vCPU on a CPU that is offline' \
	'trader: domain_vcpupin\[0\] +CPU 4095 +of those online' \
	'an Open vSwitch that this host has not' \
	'domain_nic_attachment +ovs: no Open|domain_nic_source +none .*Open' \
	'more huge pages than memory' \
	'huge pages of 2048 KiB +[0-9]+ of the lab.s +[0-9]{7}' \
	'a ring that QEMU does not take' 'domain_nic_rx_ring +300' \
	'more queues than vCPUs' 'domain_nic_queues +2 +at most' -- \
	'{"domain_vcpupin": ["4095"]}' domain_nic_attachment=ovs \
	domain_memory_mib=99999999 domain_nic_rx_ring=300 domain_nic_queues=2
refuse_up 'a vCPU on a CPU that is offline, in a word' \
	'trader: domain_vcpupin\[0\] +CPU 4095 +of those online' \
	'more memory than there is' 'memory .* MiB available' \
	'a macvtap that does not reach the exchange' \
	'domain_nic_source +the lab.s bridge|domain_nic_attachment +macvtap: ' -- \
	domain_vcpupin=0,4095 domain_memory_mib=99999999 domain_hugepage_kib=0 \
	domain_nic_attachment=macvtap exchange_place=host
refuse_up 'more pins than vCPUs' 'domain_vcpupin +2 pins +at most 1' \
	'what KVM alone has' 'trader: domain_invtsc +the guest runs under TCG' -- \
	'{"domain_vcpupin": ["0", "0"]}' domain_invtsc=on domain_accelerator=tcg
refuse_up 'an emulator that would starve a vCPU' \
	'domain_emulator_fifo +on CPU 0 with a vCPU' \
	'queues that the NIC has not' 'domain_nic_queues +2 +1: e1000 has' -- \
	domain_accelerator=tcg domain_emulator_fifo=1 domain_emulatorpin=0 \
	'{"domain_vcpupin": ["0", "0"]}' domain_vcpus=2 domain_nic_model=e1000 \
	domain_nic_queues=2
name='vhost without its module'
if [ -e /dev/vhost-net ]; then
	skip "$name" 'this machine has vhost-net'
else
	refuses_up "$name" 'domain_nic_driver|vhost-net +(absent|module)' \
		domain_nic_driver=vhost
fi
name='KVM where there is none'
if grep -qwE 'vmx|svm' /proc/cpuinfo; then
	skip "$name" 'this machine has KVM'
else
	refuses_up "$name" 'domain_accelerator is kvm for' \
		domain_accelerator=kvm
fi

# -- The machine

refuses_up 'no image' 'image +not made' "lab_images=$work/none"
mkdir -p "$work/full"
mount -t tmpfs -o size=64M tmpfs "$work/full"
LAB_FOLDER=$work/full/lab refuses_up 'a disk that is too full' \
	'disk +[0-9.]+ GiB free +[0-9.]+ GiB'
mount -o remount,ro "$work/full"
LAB_FOLDER=$work/full/lab refuses_up "a folder that can't be written" \
	"the lab's folder .*can't be written" domain_memory_mib=256
umount "$work/full"
LAB_FOLDER=/dev/null/lab refuses_up 'a folder below a file' \
	"the lab's folder +/dev/null/lab: /dev/null is no folder"

ip link add t2t-lab0 type bridge
refuses_up 'a bridge of someone else' 'bridge t2t-lab0 +in use by someone else'
ip link del t2t-lab0
refuses_up 'a bridge whose name is too long' \
	'bridge a-bridge-with-a-name +20 characters' \
	lab_bridge=a-bridge-with-a-name
ip link add trader-lab type bridge
refuses_up 'a tap of someone else' 'tap trader-lab +in use by someone else'
ip link del trader-lab
ip link add other0 type bridge
ip address add 10.77.0.9/16 dev other0
ip link set other0 up
refuses_up 'a subnet that is in use' \
	'bridge t2t-lab0 +10.77.0.0/24 overlaps 10.77.0.0/16'
ip link del other0

# -- Domains of others

other_domain() {
	cat <<-END
		<domain type='qemu'><name>trader</name>
		<memory>65536</memory><os><type>hvm</type></os></domain>
	END
}
other_domain >"$work/trader.xml"
virtlogd --daemon
libvirtd --daemon
within 60 virsh -q list >/dev/null 2>&1
virsh -q define "$work/trader.xml" >/dev/null
refuses_up 'a domain of someone else' \
	"domain trader +there, not the lab's +none, or ours"
# Nobody answers, but the definition is there.
kill "$(cat /run/libvirtd.pid)" "$(cat /run/virtlogd.pid)"
# shellcheck disable=SC2317 # called by within
daemons_are_gone() { [ ! -e /run/libvirtd.pid ] && [ ! -e /run/virtlogd.pid ]; }
within 60 daemons_are_gone
refuses_up 'a domain of someone else, and libvirt down' \
	"domain trader +there, not the lab's +none, or ours"
rm /etc/libvirt/qemu/trader.xml

# -- make

refuses 'an inventory that there is not' \
	'INVENTORY=nowhere: .* there are: .*lab' bash -c 'verb up INVENTORY=nowhere'
refuses 'an inventory that there is not, without make' 'inventory' \
	bash -c 'cd ../ansible && ansible-playbook -i ../inventory/nowhere up.yml'
refuses 'a NIC that there is not, by make' 'domain_nic_model +e1001' \
	bash -c "verb up SET='domain_nic_model=e1001 lab_images=$images'"

# The doctor looks, says what there is, and changes nothing.
tells() { # name, what it says (a regular expression a line)..., -- setting...
	local name=$1 text texts=()
	shift
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	touch "$work/stamp"
	state >"$work/before"
	verb -s doctor "${@:2}" >"$work/out" 2>&1 </dev/null ||
		echo 'it ended with a failure' >>"$work/faults"
	state >"$work/after"
	expect_none "$name" < <(
		cat "$work/faults" 2>/dev/null
		rm -f "$work/faults"
		diff "$work/before" "$work/after"
		for text in "${texts[@]}"; do
			grep -qE -e "$text" "$work/out" || {
				echo "it does not say: $text"
				cat "$work/out"
			}
		done
	)
}
cores=$(cat /sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list |
	sort -u | wc -l)
tells 'the doctor says what the machine has' \
	"(ok|note) +cores +$cores " \
	'ok +privileges +root' \
	"KVM +$(grep -qwE 'vmx|svm' /proc/cpuinfo || echo no\ )CPU flag" \
	'note +libvirt .*does not run' 'make up starts it' \
	'memory +[0-9]+ MiB available' -- \
	SET="lab_images=$images"
ip link add t2t-lab0 type bridge
tells "and what is in the lab's way" \
	'FAIL +bridge t2t-lab0 +in use by someone else' '-> name another bridge' -- \
	SET="lab_images=$images"
ip link del t2t-lab0
tells 'where there can be no lab it says so' 'the inventory local has neither' -- INVENTORY=local
made=../images/make-image
if command -v mmdebstrap >/dev/null && command -v qemu-img >/dev/null; then
	refuses 'a kernel that is not there' '--kernel /.*: no such file' \
		$made --output "$work/lab-image" --kernel "$work/bzImage"
	refuses 'a kernel that is none' '--kernel /.*: this is not a bzImage' \
		$made --output "$work/lab-image" --kernel "$work/trader.xml"
	refuses 'a kernel that is neither, by make' '--kernel nokernel: neither' \
		make --no-print-directory -C .. -o deps-lab image KERNEL=nokernel
fi
finish
