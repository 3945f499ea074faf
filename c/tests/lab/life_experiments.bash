# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by life.sh, whose functions and variables it uses: what of
# experiments needs guests. Each function wants a lab that is up, and leaves
# one.
# shellcheck disable=SC2154 # they are that script's

# A campaign with knobs on three machines; its guests are asked for less
# silence than is usual, to be found dead sooner.
experiments_campaign() { # arguments...
	(
		export ANSIBLE_SSH_ARGS="-o ControlMaster=auto -o \
ControlPersist=60s -o ServerAliveInterval=10 -o ServerAliveCountMax=6"
		cd ../ansible && exec setsid ansible-playbook -i "$inventory" \
			experiment.yml -e experiment=thp \
			-e "@$folder/lost-guest.json" \
			-e "experiment_feed=$feed" -e experiment_lines=3000 \
			-e "experiment_threshold_usd=$threshold" \
			-e "experiment_output=$folder/results/lost-guest" "$@"
	) >"$folder/lost-guest.log" 2>&1 </dev/null
}

# Of the machines that are left, what a lost one must not leave turned.
experiments_state() { # guest that is lost, or none
	lab_knobs 2>/dev/null | grep -v "^$1 "
	lab_dump | grep -E '^process t2t-|hugepages' | sed 's/^/host /'
	local guest
	for guest in trader exchange; do
		[ $guest = "$1" ] || lab_ssh $guest 'ps -e -o comm= | grep t2t-;
			sudo cat /run/t2t-knobs/record.json 2>/dev/null |
				grep name' 2>/dev/null | sed "s/^/$guest /"
	done
}

# A guest that dies in the middle of a trial: the others are as they were, the
# result says who was lost, and the campaign goes on once it is booted again.
experiments_lost_guest() {
	local guest pid code name turned
	cat >"$folder/lost-guest.yml" <<-END
		question: Who is lost?
		places: [lab]
		blocks: 1
		arms:
		  low:
		    sysctl: {net.ipv4.tcp_keepalive_probes: 3}
		    host: {machine: {thp: never}}
		    exchange: {sysctl: {net.ipv4.tcp_keepalive_probes: 3}}
		  high:
		    sysctl: {net.ipv4.tcp_keepalive_probes: 5}
		    host: {machine: {thp: never}}
		    exchange: {nic: {napi_defer_hard_irqs: 2}}
	END
	PYTHONPATH=../ansible/filter_plugins python3 -B -c '
import json, sys
import lab_experiment
print(json.dumps({"__experiment_what": lab_experiment.experiment(sys.argv[1])}))
' "$folder/lost-guest.yml" >"$folder/lost-guest.json"
	experiments_state none >"$folder/lost-guest.before"
	for guest in trader exchange; do
		# One that is paced until it is over.
		experiments_campaign -e experiment_resume=true \
			-e experiment_lines=3000 &
		pid=$!
		# The host is asked first: each login costs a guest seconds.
		until grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled &&
			[ -e "$LAB_FOLDER/experiment/wiretap.running" ] &&
			lab_ssh exchange pgrep -x t2t-exchange >/dev/null 2>&1 &&
			lab_ssh trader pgrep -x t2t-trader >/dev/null 2>&1 ||
			! kill -0 $pid 2>/dev/null; do
			sleep 3
		done
		turned=$(cat /sys/kernel/mm/transparent_hugepage/enabled)
		virsh -q -c qemu:///system destroy "$prefix$guest"
		wait $pid
		code=$?
		name="a $guest that dies in a trial is a failure that names it"
		if [ $code != 0 ] && [[ $turned = *'[never]'* ]] &&
			grep -q "failed: $guest was lost" "$folder/lost-guest.log" &&
			grep -q "end of $guest's console" "$folder/lost-guest.log" &&
			[ -n "$(find "$folder/results/lost-guest" -name failed.txt)" ]; then
			pass "$name"
		else
			fail "$name" < <(
				echo "code $code, $turned"
				cat "$folder/lost-guest.log"
			)
		fi
		expect_none "and leaves the other machines as they were" < <(
			diff <(grep -v "^$guest " "$folder/lost-guest.before") \
				<(experiments_state $guest)
		)
		works "the $guest is booted again" up
	done
	name='the campaign goes on to its end'
	if experiments_campaign -e experiment_resume=true &&
		jq -e '.state == "complete"' \
			"$folder/results/lost-guest/manifest.json" >/dev/null &&
		[ -z "$(find "$folder/results/lost-guest" -name failed.txt)" ]; then
		pass "$name"
	else
		fail "$name" <"$folder/lost-guest.log"
	fi
	expect_none 'and every knob is as it was' < <(
		experiments_state none | diff "$folder/lost-guest.before" -
	)
}
