# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# The lab is made, killed on both sides of each entry in its record.

# Each is killed before the task. What is there then:
making=(
	'host : Make the key for the guests'	# a folder
	'host : Let the group kvm use it'		# huge pages
	'host : Start the daemon'			# daemons by the record alone
	'host : Wait for libvirtd'			# daemons that may not answer
	'image : Look for the image'			# bridges
	'domain : Define the domain'			# domains by the record alone
	'domain : Start the guest'			# domains that are defined
	"domain : No IPv6 of the host's on the taps"	# guests that boot
	'compile : Build the programs'			# what was built before, or parts
	'guest : Settle the NIC under test'		# guests that boot on
	'deploy : Bring the programs'			# guests that answer
)

life_before_up() {
	local name task
	[ -z "${LIFE_HERE:-}" ] || [ ! -d /run/systemd/system ] ||
		making[2]='host : Start libvirtd' making[3]='network : Bridge of the lab'
	for task in "${making[@]}"; do
		name="up is killed before '$task'"
		if lab_killed up "$task"; then
			pass "$name"
		else
			fail "$name" <"$folder/up.log"
		fi
	done
	works 'up works after all that' up
	works 'a second up' up
	name='a second up changes nothing'
	if grep -q ' changed=0 failed=0' "$folder/up.log"; then
		pass "$name"
	else
		fail "$name" <"$folder/up.log"
	fi
}
