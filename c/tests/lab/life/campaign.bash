# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# An experiment of several arms, killed while the guest's knobs are turned, and
# gone on with.

turns=/sys/class/net/lab0/napi_defer_hard_irqs
turned() {
	[ "$(lab_ssh trader cat $turns)" = 2 ]
}

# Every knob of host and guests is as before the campaign.
knobs_are_back() { # name of the test
	if lab_knobs "$folder/knobs.now" 2>"$folder/knobs.log" &&
		diff "$folder/knobs" "$folder/knobs.now" >>"$folder/knobs.log"; then
		pass "$1"
	else
		fail "$1" <"$folder/knobs.log"
	fi
}

life_campaign() {
	local name pid code waits whole campaign=(ansible-playbook -i "$inventory" experiment.yml
		-e experiment=busy-poll -e "experiment_only='interrupt prefer'"
		-e experiment_blocks=1 -e "experiment_feed=$feed"
		-e experiment_lines=3000 -e "experiment_threshold_usd=$threshold"
		-e "experiment_output=$folder/results/campaign")

	name='the knobs of host and guests can be looked at'
	lab_machine_knobs
	if lab_knobs "$folder/knobs" 2>"$folder/knobs.log"; then
		pass "$name"
	else
		fail "$name" <"$folder/knobs.log"
	fi
	(cd ../ansible && exec setsid "${campaign[@]}") \
		>"$folder/campaign.log" 2>&1 </dev/null &
	pid=$!
	# Looked at from within: each login costs an emulated guest seconds, and
	# the agent's next step is not to come before ours. It is turned once and
	# back before the first trial, too. What the shell can do itself costs no
	# process.
	(exec ssh -F "$LAB_FOLDER/ssh_config" trader \
		"sudo sh -c 'until read n <$turns && [ \$n = 2 ] && pgrep -x t2t-trader
		do sleep 0.5; done; pkill -STOP -x t2t-agent'" \
		</dev/null >/dev/null) &
	waits=$!
	# shellcheck disable=SC2317 # called by within
	turned_or_over() { process_gone "$waits" || process_gone "$pid"; }
	within 600 turned_or_over
	# Nobody of it is to see another one die, and put back. Since Ansible 2.19
	# its workers have sessions of their own.
	kill -STOP $pid
	mapfile -t whole < <(family $pid | cut -d' ' -f1)
	kill -STOP "${whole[@]}"
	lab_ssh trader sudo pkill -KILL -x t2t-agent
	kill -KILL $pid "${whole[@]}"
	wait $pid 2>/dev/null
	code=$?
	kill $waits 2>/dev/null
	name='a campaign that is killed with its agent leaves its knobs turned'
	if [ $code = 137 ] && turned; then
		pass "$name"
	else
		fail "$name" <"$folder/campaign.log"
	fi
	works 'make restore' restore
	knobs_are_back 'it puts back every knob of host and guests'

	name='the campaign goes on to its end, and has its report'
	if (cd ../ansible && "${campaign[@]}" -e experiment_resume=true) \
		>"$folder/campaign.log" 2>&1 </dev/null &&
		jq -e '.state == "complete" and
			(.experiment.trials | length) == 3' \
			"$folder/results/campaign/manifest.json" >/dev/null &&
		jq -e '[.arms[].correct] == [true, true, true]' \
			"$folder/results/campaign/summary.json" >/dev/null &&
		[ -s "$folder/results/campaign/report.html" ]; then
		pass "$name"
		times campaign
		grep -A8 '^wire to wire' "$folder/campaign.log" | sed 's/^/# /'
	else
		fail "$name" <"$folder/campaign.log"
	fi
	knobs_are_back 'and every knob is as it was'
	lab_machine_knobs_free
}
