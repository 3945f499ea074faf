#!/bin/bash
# SPDX-License-Identifier: MIT
# Experiments: their files, knobs and campaigns, in two namespaces; no VM. What
# of it is decided in Python: tests/lab/python.sh.
# Waits for the machine's knobs: lab/life has them for minutes.
set -u
# shellcheck source=tests/lab/lab.bash
. tests/lab/lab.bash
# shellcheck source=tests/support/void.bash
. tests/support/void.bash
# shellcheck source=tests/support/family.bash
. tests/support/family.bash
# Somebody else may be turning knobs of this machine.
export LAB_WAIT=1
mkdir "$LAB_FOLDER"
trap 'rm -rf "$folder"' EXIT

if [ "$(id -u)" != 0 ] || ! command -v ansible-playbook >/dev/null; then
	skip 'experiments' 'wants root and Ansible: make deps-lab'
	finish
fi

"$BUILD/t2t-feedgen" --quiet --bytes 200000 --seed 3 --triggers 0.02 \
	--output "$folder/feed.csv.gz" >/dev/null

play() { # arguments...
	(cd ../ansible && exec ansible-playbook -i ../inventory/local \
		experiment.yml -e experiment_feed="$folder/feed.csv.gz" \
		-e experiment_pace=rate:5000 "$@") >"$folder/log" 2>&1 </dev/null
}

knobs() {
	cat /sys/kernel/mm/transparent_hugepage/enabled \
		/proc/sys/net/core/busy_read /proc/sys/net/core/busy_poll
}
# Those of the machine are turned from here on, and again at the end.
lab_machine_knobs
before=$(knobs)

said() { # code wanted, name, code, text...
	local wanted=$1 name=$2 code=$3 text
	shift 3
	[ "$code" = "$wanted" ] || {
		fail "$name" <"$folder/log"
		return
	}
	for text; do
		grep -qF -- "$text" "$folder/log" || {
			fail "$name" <"$folder/log"
			return
		}
	done
	pass "$name"
}

# Each place's knobs, before any trial; these are of three machines.
cat >"$folder/places.yml" <<END
question: What does each place lack?
places: [lab]
arms:
  nothing:
  all-have-it:
    machine: {thp: never}
    host: {machine: {thp: always}}
    exchange: {machine: {thp: madvise}}
  trader-lacks-it: {sysctl: {vm.no_such: 1}}
  host-lacks-it: {host: {sysctl: {vm.no_such: 1}}}
  exchange-lacks-it: {exchange: {sysctl: {vm.no_such: 1}}}
END
name="each place's knobs are tried, and what one lacks is named"
(cd ../ansible && ansible-playbook -i localhost, ../c/tests/lab/probe.yml \
	-e "folder=$folder what=$folder/places.yml lab_repository=${PWD%/*}" \
	-e "lab_folder=$LAB_FOLDER") >"$folder/log" 2>&1
why=': /proc/sys/vm/no_such: No such file or directory'
if diff <(jq -r 'to_entries[] | "\(.key) \(.value)"' "$folder/missing.json") - \
	<<-END >>"$folder/log" 2>&1
		exchange-lacks-it exchange.sysctl vm.no_such$why
		host-lacks-it host.sysctl vm.no_such$why
		trader-lacks-it sysctl vm.no_such$why
	END
then
	pass "$name"
else
	fail "$name" <"$folder/log"
fi
name='and turned back'
expect_none "$name" < <(diff <(echo "$before") <(knobs))
lab_machine_knobs_free

play -e experiment=busy-poll -e dry_run=true
said 0 'a dry run prints the plan and its time' $? 'trials      40 in 8 blocks' \
	'about' 'block 8:' 'interrupt-again'

play -e experiment=bussy-poll
said 2 'an unknown experiment names those there are' $? \
	"no experiment 'bussy-poll'" busy-poll

play -e experiment=nic-models
said 2 "a place that an experiment can't have is told" $? \
	"nic-models can't run in local; it can in: lab"

play -e experiment=busy-poll -e experiment_only="'interrupt warp'"
said 2 'an unknown arm names those there are' $? "arm 'warp': unknown" socket

# As /tmp.
chmod 1777 "$folder"
play -e experiment=receive-paths -e experiment_blocks=2 \
	-e experiment_only="'block spin'" -e experiment_output="$folder/one"
said 0 'receive-paths, start to end' $? 'A/A' 'spin against block'
name='the folder that the result is put in keeps its mode'
if [ "$(stat -c %a "$folder")" = 1777 ]; then
	pass "$name"
else
	fail "$name" < <(stat "$folder")
fi
chmod 755 "$folder"

name='its result is whole: each trial, its counters, the report'
if [ "$(find "$folder/one/trials" -name trial.json | wc -l)" = 6 ] &&
	[ "$(jq -r .state "$folder/one/manifest.json")" = complete ] &&
	jq -e '.counters.after["Udp.InDatagrams"] > 5000' \
		"$folder"/one/trials/01*/trial.json >/dev/null &&
	[ -s "$folder/one/report.html" ]; then
	pass "$name"
else
	fail "$name" < <(find "$folder/one")
fi

name='the order is the one that the plan told'
expect_none "$name" < <(diff \
	<(jq -r '.experiment.trials[].folder' "$folder/one/manifest.json") \
	<(cd "$folder/one" && ls -d trials/*))

# What t2t-run left when it was cut off is kept; the rest is run.
name='a campaign that was cut off goes on'
rm -r "$folder"/one/trials/0[45]*
stamp=$(stat -c %Y.%i "$folder"/one/trials/01*/trial.json)
started=$(jq -r .started "$folder/one/manifest.json")
seconds=$(jq -r .machine.seconds "$folder/one/manifest.json")
play -e experiment=receive-paths -e experiment_blocks=2 \
	-e experiment_only="'block spin'" -e experiment_output="$folder/one" \
	-e experiment_resume=true
code=$?
if [ $code = 0 ] && [ "$(find "$folder/one/trials" -name trial.json | wc -l)" = 6 ] &&
	[ "$stamp" = "$(stat -c %Y.%i "$folder"/one/trials/01*/trial.json)" ]; then
	pass "$name"
else
	fail "$name" <"$folder/log"
fi

name='it began when it began, and its seconds add up'
if jq -e --arg started "$started" --argjson seconds "$seconds" \
	'.started == $started and .machine.seconds > $seconds' \
	"$folder/one/manifest.json" >/dev/null; then
	pass "$name"
else
	fail "$name" < <(echo "$started $seconds"; cat "$folder/one/manifest.json")
fi

play -e experiment=receive-paths -e experiment_blocks=3 \
	-e experiment_output="$folder/one" -e experiment_resume=true
said 2 'but not with another plan' $? 'was begun with another plan'

# One block, of which a trial can't be judged so often.
void() { # times, name of the result
	void_times "$folder/programs" "$1"
	play -e experiment=receive-paths -e experiment_blocks=1 \
		-e experiment_only="'block spin'" -e experiment_output="$folder/$2" \
		-e experiment_programs="$folder/programs"
}
# What it counted: blocks and trials that are void, and trials put aside.
void_counts() { # name of the result
	jq -r '"\(.void_blocks | length) \(.void_trials | length)"' "$folder/$1/summary.json"
	find "$folder/$1/void" -name trial.json | wc -l
}
void_programs "$folder/programs"
void 1 void
said 0 "a block that can't be judged is made again" $? \
	'1 trial could not be judged' 'but for 0 that count for nothing'
expect_none 'and counted' < <(void_counts void | diff <(printf '0 1\n3\n') -)
void 9 void3
said 0 'after three tries it counts for nothing, and there is a report' $? \
	'3 trials could not be judged' 'VOID'
expect_none 'and is counted, too' < <(void_counts void3 | diff <(printf '1 3\n6\n') -)

play -e experiment=sndlowat -e experiment_blocks=1 -e experiment_output="$folder/two"
said 0 'what the place lacks is left out by name' $? \
	'sndlowat is skipped: order sndlowat: Protocol not available'
name='in the result too'
if jq -e '.skipped[0].what == "sndlowat"' "$folder/two/manifest.json" >/dev/null; then
	pass "$name"
else
	fail "$name" <"$folder/two/manifest.json"
fi

lab_machine_knobs
before=$(knobs)
play -e experiment=thp -e experiment_blocks=1 -e experiment_output="$folder/three"
said 0 'knobs of the machine are turned' $? 'never'
name='and read back with each trial'
if jq -es 'any(.[]; .name == "always" and
		.found.knobs.turned[0].found["machine thp"] == "always")' \
	"$folder"/three/trials/*/trial.json >/dev/null &&
	[ "$(knobs)" = "$before" ]; then
	pass "$name"
else
	fail "$name" < <(knobs)
fi

# A campaign that gets the signal while the machine's knobs are turned.
# shellcheck disable=SC2317 # called by within
is_turned() { # result
	grep -qF '[never]' /sys/kernel/mm/transparent_hugepage/enabled &&
		[ -e "$folder/$1/trials" ]
}
is_back() { [ "$(knobs)" = "$before" ]; }
signalled() { # signal that its session gets, or all: each process is killed
	local pid
	(cd ../ansible && exec setsid ansible-playbook -i ../inventory/local \
		experiment.yml -e experiment_feed="$folder/feed.csv.gz" \
		-e experiment_pace=rate:500 -e experiment=thp \
		-e experiment_only="'never always'" \
		-e experiment_output="$folder/$1") >"$folder/log" 2>&1 </dev/null &
	pid=$!
	within 120 is_turned "$1"
	turned=$(knobs)
	# shellcheck disable=SC2046 # a word a process
	if [ "$1" = all ]; then
		kill -KILL $pid $(family "$pid" | cut -d" " -f1)
	else
		pkill -"$1" -s $pid
	fi
	wait $pid 2>/dev/null
	# shellcheck disable=SC2317 # called by within
	all_ended() { ! pgrep -s "$pid" >/dev/null; }
	within 60 all_ended
}
put_back() { # name
	if [ "$turned" != "$before" ] && within 60 is_back; then
		pass "$1"
	else
		fail "$1" < <(knobs; cat "$folder/log")
	fi
}
signalled INT
put_back 'Ctrl-C puts the knobs back'
signalled KILL
put_back 'kill -9 of its session puts them back, too'

signalled all
name='kill -9 of each process leaves them turned'
if [ "$turned" != "$before" ] && ! is_back; then
	pass "$name"
else
	fail "$name" < <(knobs; cat "$folder/log")
fi
(cd ../ansible && ansible-playbook -i ../inventory/local restore.yml) >"$folder/log" 2>&1
name='make restore puts them back after kill -9'
if is_back; then
	pass "$name"
else
	fail "$name" < <(knobs; cat "$folder/log")
fi
finish
