#!/bin/bash
# SPDX-License-Identifier: MIT
# The same campaign in several cells: two stand-ins on this machine, each with a
# folder of its own, and one that does not answer. Tree and image are shipped by
# their hashes; `make run` measures in each; one is killed in the middle, and
# what the other has measured is there all the same. No VM.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")

if [ "$(id -u)" != 0 ] || ! command -v ansible-playbook >/dev/null; then
	skip 'a fleet' 'wants root and Ansible: make deps-lab'
	finish
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"/{inventory,image}
cat >"$folder/inventory/hosts.yml" <<END
all:
  children:
    cells:
      vars:
        ansible_connection: local
        ansible_python_interpreter: "{{ ansible_playbook_python }}"
      hosts:
        one: {fleet_folder: $folder/one}
        two: {fleet_folder: $folder/two}
        gone: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
END
"$BUILD/t2t-feedgen" --quiet --bytes 60000 --seed 3 --triggers 0.05 \
	--output "$folder/feed.csv.gz" >/dev/null
arguments="{\"fleet_arguments\": {\"ARMS\": \"block spin\", \"BLOCKS\": 6, \"PACE\": \"rate:2000\", \"FEED\": \"$folder/feed.csv.gz\"}}"

fleet() { # place, argument...
	(cd ../ansible && exec ansible-playbook -i "$folder/inventory" fleet.yml \
		-e "fleet_place=$1" -e fleet_uncommitted=true \
		-e "fleet_tools=$BUILD" -e "$arguments" "${@:2}") \
		>"$folder/log" 2>&1 </dev/null
	code=$?
	return $code
}
# shellcheck disable=SC2317 # called by check
shown() {
	echo "exit $code"
	cat "$folder/log"
}
# shellcheck disable=SC2317 # called by check
said() { # text
	grep -qF -- "$1" "$folder/log"
}

# -- What is shipped.

echo disk >"$folder/image/guest.qcow2"
sum=$(sha256sum <"$folder/image/guest.qcow2" | cut -c-64)
echo "{\"products\": {\"guest.qcow2\": {\"sha256\": \"$sum\"}}}" \
	>"$folder/image/manifest.json"
ship() {
	fleet lab -e fleet_name=aa -e fleet_ship_only=true \
		-e "fleet_images=$folder/image" --limit 'one,two,localhost'
}
ship
tree=$(echo "$folder"/one/trees/*/c)
id=$(basename "${tree%/c}")
check 'the tree is there, named by its commit' \
	git -C "$tree" diff --quiet "$id" --
check 'it is what is here' cmp "$tree/tests/lab/fleet.sh" tests/lab/fleet.sh
check 'the image is there, named by its hash' \
	cmp "$folder/image/guest.qcow2" "$folder/two/images/$sum/guest.qcow2"
check 'and the tree has it' test -e "$tree/../images/build/manifest.json"
echo other >"$tree/../README.md"
echo rotten >"$folder/image/guest.qcow2"
rm -r "$folder/two/images/$sum"
ship
check 'a tree that is not what its name says is shipped again' said 'one: Unpack it'
expect_none 'what is there is not' < <(grep -E 'two: Unpack it|one: Bring it' "$folder/log")
check 'an image that is not what its manifest says ends that cell' \
	said 'cell two is dead: Insist that it is the one'

# -- A campaign in each. What was built is built: sources are older than that.

for cell in one two; do
	rm -rf "$folder/$cell/trees/$id/images/build"
	find "$folder/$cell/trees/$id" -name .git -prune -o -type f \
		-exec touch -d @1 {} +
	rsync -a --exclude=/tests --exclude=/guest --exclude=/mutants \
		--exclude='*/log' "$BUILD/" "$folder/$cell/trees/$id/c/build/"
done
runs() { # cell: the pid of its t2t-run
	pgrep -f "t2t-run .*--output $folder/$1/"
}
fleet local -e "fleet_output=$folder/result" &
playbook=$!
until compgen -G "$folder/two/results/*/trials/*" >/dev/null ||
	! kill -0 $playbook 2>/dev/null; do
	sleep 0.1
done
killed=$(runs two)
# shellcheck disable=SC2086 # none or one
kill -KILL $killed
wait $playbook
code=$?
check 'the whole of it is a failure' test $code != 0
check 'one was killed in the middle' test -n "$killed"
result=$folder/result
check 'the other one has a result' \
	jq -e '.state == "complete"' "$result/cells/one/manifest.json"
check 'it is in the merged figures, alone' jq -e '
	[.cells[].state] == ["merged", "dead", "dead"] and
	.comparisons[0].arm == "spin" and .comparisons[0].pairs == 6 and
	.comparisons[0].cells == 1' "$result/summary.json"
check 'the killed one is named, and why' jq -e \
	'.cells[1].cell == "two" and (.cells[1].reason | test("Run the campaign: .*(Killed|137)"))' \
	"$result/summary.json"
check 'so is the one that does not answer' jq -e \
	'.cells[2].cell == "gone" and (.cells[2].reason | test("does not answer: .*refused"))' \
	"$result/summary.json"
# shellcheck disable=SC2016 # it is jq's
check 'the tree is recorded' jq -e --arg id "$id" \
	'.tree.commit == $id or (.tree.uncommitted | length == 64)' "$result/fleet.json"
check 'the page has all three' test \
	"$(grep -cE '<td>(one|two|gone)</td><td( colspan="9" class="bad")?>(spin|dead)' "$result/report.html")" = 3
check 'it is told as a failure' said 'not in it: cell two, dead: '
check 'what was pulled is not kept there' test -z "$(ls "$folder/one/results")"
expect_none 'no program runs on' < <(runs one; runs two)
finish
