#!/bin/bash
# SPDX-License-Identifier: MIT
# A trial on the lab's machines can't be judged: its whole block is made again
# by itself, as often as t2t-run does, and all of it is told. The machines are
# network namespaces here; no VM.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/void.bash
. tests/support/void.bash
BUILD=$(realpath "${BUILD:-build}")
# shellcheck source=tests/lab/machines.bash
. tests/lab/machines.bash

if [ "$(id -u)" != 0 ] || ! command -v ansible-playbook >/dev/null; then
	skip "a block that can't be judged" 'wants root and Ansible: make deps-lab'
	finish
fi

"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
machines_make
cat >"$folder/mine.yml" <<END
question: Who can tell?
places: [metal]
blocks: 1
arms:
  one: {program: {receive: block}}
END

# Who judges.
void_programs "$folder/tools"

campaign() { # how often it can't be judged, name of the result, arguments...
	void_times "$folder/tools" "$1"
	(play "$2" rate:20000 -e "experiment_tools=$folder/tools" "${@:3}")
	code=$?
}
whole() { # result, folder: trials that are whole
	find "$folder/$1/$2" -name trial.json 2>/dev/null | wc -l
}
# shellcheck disable=SC2317 # called by check
shown() {
	echo "exit $code"
	find "$folder" -name trial.json
	cat "$folder/log"
}

campaign 1 again
check "a block that can't be judged is made again" test $code = 0 -a "$(whole again trials)" = 2
check 'what it was is kept, of the whole block' test "$(whole again void)" = 2
check 'and told' jq -e '
	.void_blocks == [] and (.void_trials | length) == 1 and
	.void_trials[0].block == 0 and
	.void_trials[0].reason == "the capture <was> cut" and
	([.arms[].correct] | all)' "$folder/again/summary.json"
check 'the manifest says that it is complete' \
	jq -e '.state == "complete"' "$folder/again/manifest.json"

sed -i 's/receive: block/receive: spin/' "$folder/mine.yml"
campaign 0 again -e experiment_resume=true
check 'with another plan nobody goes on with it' \
	test $code != 0 -a "$(grep -c 'was begun with another plan' "$folder/log")" != 0
sed -i 's/receive: spin/receive: block/' "$folder/mine.yml"

campaign 99 never
check 'after three tries it counts for nothing, and the campaign has its end' \
	test "$code $(whole never trials) $(whole never void)" = '0 2 4'
check 'the block is told as void' \
	jq -e '.void_blocks == [0] and (.void_trials | length) == 3' "$folder/never/summary.json"
check 'and the result has a page' test -s "$folder/never/report.html"
finish
