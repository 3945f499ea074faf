# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# A guest whose kernel panics in the middle of a trial.

# shellcheck source=tests/lab/own_experiment.bash
. tests/lab/own_experiment.bash

# Of host and exchange, what a campaign must not leave turned, running or lying
# about. The dead guest's taps go with it.
left_by_campaign() { # file
	lab_knobs "$1.all" host exchange || return
	grep -v "^host .*${prefix}trader-" "$1.all" >"$1"
	lab_dump | grep -E '^process t2t-|hugepages|t2t-experiment' >>"$1"
	lab_ssh exchange 'ps -e -o comm= | grep t2t-
		sudo grep -s name /run/t2t-knobs/record.json; true' >>"$1"
}

# Knobs are turned on three machines. The trader is found dead sooner than is
# usual. Afterwards it is off.
lost_trader() {
	local name pid code campaign turned
	cat >"$folder/lost.yml" <<-END
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
		    exchange: {sysctl: {net.ipv4.tcp_keepalive_probes: 5}}
	END
	own_experiment "$folder/lost.yml" >"$folder/lost.json"
	campaign=(ansible-playbook -i "$inventory" experiment.yml -e experiment=thp
		-e "@$folder/lost.json" -e "experiment_feed=$feed"
		-e experiment_lines=8000 -e "experiment_threshold_usd=$threshold"
		-e "experiment_output=$folder/results/lost")

	name='host and exchange can be looked at'
	lab_machine_knobs
	if left_by_campaign "$folder/lost.before" 2>"$folder/lost.log"; then
		pass "$name"
	else
		fail "$name" <"$folder/lost.log"
	fi
	(
		cd ../ansible || exit
		export ANSIBLE_SSH_ARGS='-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=10 -o ServerAliveCountMax=6'
		exec setsid "${campaign[@]}"
	) >"$folder/lost.log" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2317 # called by within
	trial_is_on() {
		# The host is asked first: each login costs a guest seconds.
		{ grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled &&
			pgrep -x t2t-wiretap >/dev/null &&
			lab_ssh trader pgrep -x t2t-trader >/dev/null 2>&1; } ||
			! kill -0 "$pid" 2>/dev/null
	}
	within 600 trial_is_on
	turned=$(cat /sys/kernel/mm/transparent_hugepage/enabled)
	lab_ssh trader "sudo sh -c \
		'{ sleep 1; echo c >/proc/sysrq-trigger; } >/dev/null 2>&1 &'"
	wait "$pid"
	code=$?
	name='a trader that panics in a trial is a failure that names it and the dump'
	if [ "$code" != 0 ] && [[ $turned = *'[never]'* ]] &&
		grep -q 'failed: trader was lost' "$folder/lost.log" &&
		grep -q "end of trader's console" "$folder/lost.log" &&
		[ -n "$(find "$folder/results/lost" -name failed.txt)" ] &&
		grep -q "^trader's kernel panicked: sysrq triggered crash; its memory" \
			"$folder/results/lost/panics.txt" &&
		readelf -h "$LAB_FOLDER/dump/${prefix}trader"-*.core | grep -q CORE; then
		pass "$name"
	else
		fail "$name" < <(
			echo "code $code, $turned"
			cat "$folder/lost.log"
		)
	fi
	name='and leaves host and exchange as they were'
	if left_by_campaign "$folder/lost.now" 2>"$folder/lost.log" &&
		diff "$folder/lost.before" "$folder/lost.now" >"$folder/lost.log"; then
		pass "$name"
	else
		fail "$name" <"$folder/lost.log"
	fi
	lab_machine_knobs_free
}
