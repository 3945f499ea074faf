# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # what tests/lab/life.sh has
# A campaign of two kinds of trader: while the other one runs, the lab's own
# sleeps, and it goes on as it was. And libvirtd is killed in its first trial.

boot_of_trader() {
	lab_ssh trader cat /proc/sys/kernel/random/boot_id
}

life_sleep() {
	local name before off killer='' result=$folder/results/sleep
	cat >"$folder/sleep.yml" <<-END
		question: Which guest?
		places: [lab]
		blocks: 1
		arms:
		  own: {}
		  e1000e: {domain: {nic_model: e1000e}}
	END
	own_experiment "$folder/sleep.yml" >"$folder/sleep.json"
	before=$(boot_of_trader)

	# Where systemd keeps it there is nothing for us to do about it.
	if [ -n "${LAB_APART:-}" ]; then
		rm -f "$LAB_FOLDER/experiment/capture.pcapng"
		(
			until [ -e "$LAB_FOLDER/experiment/capture.pcapng" ]; do
				sleep 0.2
			done
			kill -KILL "$(cat /run/libvirtd.pid)"
		) &
		killer=$!
		beside+=("$killer")
	fi
	name='a campaign changes the NIC under the trader, though libvirtd is killed'
	if (cd ../ansible && ansible-playbook -i "$inventory" experiment.yml \
		-e experiment=thp -e "@$folder/sleep.json" \
		-e "experiment_feed=$feed" -e experiment_lines=3000 \
		-e "experiment_threshold_usd=$threshold" \
		-e "experiment_output=$result") >"$folder/sleep.log" 2>&1 &&
		jq -e '[.arms[].correct] == [true, true, true]' \
			"$result/summary.json" >/dev/null; then
		pass "$name"
		times sleep
	else
		fail "$name" <"$folder/sleep.log"
	fi

	[ -z "$killer" ] || kill "$killer" 2>/dev/null
	name="the lab's own trader slept meanwhile: it is of one boot all along"
	boots() { # arm
		jq -r '.guests[] | select(.knob == "boot").found' \
			"$result"/trials/*-"$1"/knobs.json
	}
	if [ -n "$before" ] && [ "$(boots own)" = "$before" ] &&
		[ "$(boots own-again)" = "$before" ] &&
		[ "$(boot_of_trader)" = "$before" ]; then
		pass "$name"
	else
		fail "$name" <<<"before: $before; own: $(boots own); own-again: $(
			boots own-again); now: $(boot_of_trader)"
	fi

	name='and its clock is right'
	off=$(($(lab_ssh trader date +%s) - $(date +%s)))
	if [ "${off#-}" -le 3 ]; then
		pass "$name"
	else
		fail "$name" <<<"it is $off s off"
	fi
	expect_none 'no state and no disk of the other is left' < <(
		find "$LAB_FOLDER/state" "$LAB_FOLDER/disk" -type f |
			grep -vE "/disk/$prefix(trader|exchange)-\w{12,16}\.qcow2$")
}
