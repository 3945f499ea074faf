#!/bin/bash
# SPDX-License-Identifier: MIT
# The life of a lab of two guests, from nothing to nothing again: killed at
# each step of its making and of its end, run, asked for what it can't do,
# with each model of NIC. In namespaces of its own, with its own libvirtd.
# Makes guests: two, whose CPUs may be emulated.
#
#	LIFE_ONLY='campaign settings'	those stages alone, and what they need;
#					by itself those that have $TEST_CASE
#	LIFE_HERE=1			on the machine itself: its systemd and
#					libvirtd, whose other domains stay
set -u
# What a stage checks stands in a function OWNER_STAGE: of the files life/*.bash
# (owner: life), and of life_OWNER.bash, which come first. Stages:
#	before_up	nothing is there; its end is a lab that is up
#	lab_up		two guests as the inventory has them
#	campaign	an experiment of several arms
#	sleep		a campaign of two kinds of trader
#	settings	the trader as others would have it; the exchange stays
#	teardown	the lab is up; its end is that it is gone
#	gone		nothing is there any more
stages='before_up lab_up campaign sleep settings teardown gone'
owners=(life)

# Those whose text has the case, or all.
with_case() { # pattern
	local stage text
	for stage in $stages; do
		while IFS= read -r text; do
			# shellcheck disable=SC2053 # it is a pattern
			[[ $text != $1 ]] || echo "$stage"
		done < <(sed -n "/^[a-z]*_$stage() {/,/^}/s/.*['\"]\(.*\)['\"].*/\1/p" \
			tests/lab/life/*.bash tests/lab/life_*.bash 2>/dev/null)
	done | sort -u | grep . || echo "$stages"
}
chosen=${LIFE_ONLY:-$(with_case "${TEST_CASE:-*}" | xargs)}

for stage in $chosen; do
	case " $stages " in
	*" $stage "*) ;;
	*)
		echo "LIFE_ONLY: no stage $stage; there are: $stages" >&2
		exit 2
		;;
	esac
done
# shellcheck source=tests/lab/lab.bash
. tests/lab/lab.bash
if [ -z "${LAB_APART:-}" ]; then
	hindrance=$(lab_hindrance)
	if [ -n "$hindrance" ]; then
		rm -r "$folder"
		skip 'the life of a lab' "$hindrance"
		finish
	fi
	make -s -j"$(nproc)" BUILD="$BUILD" programs || exit
	[ -n "${LIFE_HERE:-}" ] || lab_apart
else
	lab_apart
fi

# Whatever ends it; what runs beside it is entered here.
beside=()
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ ${#beside[@]} = 0 ] || kill "${beside[@]}" 2>/dev/null
	[ ! -e "$LAB_FOLDER/record.json" ] || lab_play teardown
	rm -rf --one-file-system "$folder"
}
trap clean EXIT
trap 'echo "# SIGTERM"; exit 143' TERM
trap 'echo "# SIGINT"; exit 130' INT
# A console may close before it is written to.
trap : PIPE

for part in tests/lab/life/*.bash; do
	# shellcheck source=/dev/null
	. "$part"
done
for part in tests/lab/life_*.bash; do
	[ -e "$part" ] || continue
	owner=${part##*/life_}
	owners=("${owner%.bash}" "${owners[@]}")
	# shellcheck source=/dev/null
	. "$part"
done

run_stage() { # stage
	local owner
	case " $chosen " in
	*" $1 "*) ;;
	*) return ;;
	esac
	echo "# $1, after $SECONDS s"
	for owner in "${owners[@]}"; do
		if declare -F "${owner}_$1" >/dev/null; then
			"${owner}_$1"
		fi
	done
}

lab_inventory
lab_dump >"$folder/before"
run_stage before_up
[ -e "$LAB_FOLDER/record.json" ] || works 'the lab comes up' up
if ! lab_ssh exchange true || ! lab_ssh trader true; then
	fail 'both guests can be logged into' <<<'what comes after was not tried'
	finish
fi
run_stage lab_up
run_stage campaign
run_stage sleep
run_stage settings
run_stage teardown
[ ! -e "$LAB_FOLDER/record.json" ] || works 'the lab is taken down' teardown
run_stage gone
finish
