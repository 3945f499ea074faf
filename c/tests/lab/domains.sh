#!/bin/bash
# SPDX-License-Identifier: MIT
# Each variant of a domain is XML that libvirt takes, and says what it should.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for program in ansible-playbook virt-xml-validate xmllint; do
	if ! command -v $program >/dev/null; then
		skip 'domains' "no $program"
		finish
	fi
done

name='every variant is rendered'
if (cd ../ansible && ansible-playbook -i ../inventory/lab \
	-e "folder=$folder lab_repository=${PWD%/*}" ../c/tests/lab/domains.yml) \
	>"$folder/log" 2>&1; then
	pass "$name"
else
	fail "$name" <"$folder/log"
	finish
fi

for file in "$folder"/*.xml; do
	name="valid: $(basename "$file" .xml)"
	if output=$(virt-xml-validate "$file" domain 2>&1); then
		pass "$name"
	else
		fail "$name" <<<"$output"
	fi
done

# What the XML says at a place, against what is wanted.
says() { # variant, XPath, wanted
	local found
	found=$(xmllint --xpath "string($2)" "$folder/$1.xml" 2>&1)
	if [ "$found" = "$3" ]; then
		pass "$1: $2 is '$3'"
	else
		fail "$1: $2 is '$3'" <<<"it is '$found'"
	fi
}

nic="//interface[alias/@name='ua-lab']"
for model in e1000 e1000e vmxnet3 rtl8139 igb; do
	says $model "$nic/model/@type" $model
	says $model "count($nic/driver)" 0
	says $model "//interface[alias/@name='ua-management']/model/@type" virtio
done
says default /domain/@type kvm
says default //cpu/@mode host-passthrough
says default "count(//cpu/feature[@policy='disable'])" 0
says tcg /domain/@type qemu
says tcg //cpu/@mode maximum
for feature in la57 erms smap; do
	says tcg "//cpu/feature[@name='$feature']/@policy" disable
done
says tcg-cpu-model "count(//cpu/feature)" 0
says default //vcpupin/@cpuset 1
says default //emulatorpin/@cpuset 2
says default //iothreadpin/@cpuset 0
says no-pins "count(//cputune)" 0
says pins "//vcpupin[@vcpu='1']/@cpuset" 3
says pins //emulatorpin/@cpuset 0-1
says pins "//iothreadpin[@iothread='2']/@cpuset" 1
says fifo //vcpusched/@priority 10
says threads-fifo //emulatorsched/@priority 3
says threads-fifo //iothreadsched/@iothreads 1-2
says fifo "count(//emulatorsched | //iothreadsched)" 0
says default "count(//kvm/*[@state='on'])" 2
says default "//cpu[@migratable='off']/feature[@policy='require']/@name" invtsc
says hints-off "count(//kvm | //cpu/@migratable | //cpu/feature)" 0
says tcg "count(//kvm | //cpu/@migratable)" 0
says transient "count(//disk[target/@dev='vda']/transient)" 1
says default "count(//transient)" 0
says no-iothread "count(//iothreads | //iothreadpin | //driver[@iothread])" 0
says shared-memory //shmem/@name a-t2t-lab
says shared-memory //shmem/model/@type ivshmem-plain
says shared-memory //shmem/size 64
says shared-memory //shmem/size/@unit M
says default "count(//shmem)" 0
says default //hugepages/page/@size 2048
says gigabyte-pages //hugepages/page/@size 1048576
says no-hugepages "count(//memoryBacking)" 0
says default "count(//numatune)" 0
says memory-node //numatune/memory/@nodeset 0-1
says locked "count(//memoryBacking/locked)" 1
says queues "$nic/driver/@queues" 4
says rings "$nic/driver/@rx_queue_size" 1024
says rings "$nic/driver/@tx_queue_size" 256
says default "$nic/driver/@rx_queue_size" ''
says offloads-off "$nic/driver/guest/@tso4" off
says offloads-off "$nic/driver/host/@csum" off
says default "$nic/driver/@name" vhost
says tcg "$nic/driver/@name" qemu
says no-vhost "$nic/driver/@name" qemu
says vhost "$nic/driver/@name" vhost
says macvtap "$nic/@type" direct
says macvtap "$nic/source/@dev" t2t-lab0
says macvtap "$nic/target/@dev" trader-lab
says macvtap "$nic/driver/@queues" 2
says macvtap-nic "$nic/source/@dev" eth7
says ovs "$nic/virtualport/@type" openvswitch
says ovs "$nic/source/@bridge" br-int
says vhostuser "$nic/source/@path" '/run/a&b.sock'
says vhostuser "count($nic/driver/@name)" 0
says vhostuser "$nic/driver/@tx_queue_size" 1024
says vhostuser //memoryBacking/access/@mode shared
says vhostuser //memoryBacking/source/@type memfd
says vhostuser-huge "count(//hugepages | //access[@mode='shared'])" 2
says vhostuser-huge "$nic/source/@mode" server
says default "count(//access)" 0
says hostdev "$nic/source/address/@slot" 0x10
says hostdev "$nic/source/address/@function" 0x2
says hostdev-whole "count($nic)" 0
says hostdev-whole "//hostdev[alias/@name='ua-lab']/source/address/@bus" 0x01
says packed "$nic/driver/@packed" on
says packed "$nic/driver/host/@mrg_rxbuf" off
says packed-offloads "$nic/driver/@packed" off
says packed-offloads "count($nic/driver/host[@mrg_rxbuf='on' and @csum='off'])" 1
says default "count($nic/driver/@packed | $nic/driver/host | $nic/address)" 0
says root-bus "$nic/address/@bus" 0x00
says node "$nic/address/@bus" 0x02
says node "//controller[@index='2']/address/@bus" 0x01
says node "//controller[@model='pcie-expander-bus']/target/node" 0
says node "//cpu/numa/cell/@memory" 1024
says node-shared "//cpu/numa/cell[@cpus='0-1']/@memAccess" shared
says default "count(//controller[@type='pci'] | //cpu/numa)" 0
says machine-pc //os/type/@machine pc
says default //cmdline 'root=/dev/vda rw console=ttyS0 <&>'
says command-line //cmdline 'root=/dev/vda rw console=ttyS0 isolcpus=1 quiet="a b"'
says no-initrd "count(//initrd)" 0
says own-image "count(//os/kernel | //os/initrd | //os/cmdline)" 0
says own-image //os/boot/@dev hd
says as-root //seclabel/label +0:+0
says default "count(//seclabel)" 0
says raw-devices //watchdog/@model i6300esb
says raw-domain "count(//*[local-name()='arg'])" 2
says default "count(//panic[@model='isa'])" 1
says default //on_crash coredump-destroy
says on-crash //on_crash preserve
says default "//memballoon/@model" none
says default "//controller[@type='usb']/@model" none
says default "//serial/log/@file" /lab/console/trader.log
finish
