#!/bin/bash
# SPDX-License-Identifier: MIT
# t2t-report --checklist: ten items, each with an experiment that there is, and
# what its newest result says. Needs no network.
# shellcheck disable=SC2016 # eval expands it
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/results.bash
. tests/support/results.bash
BUILD=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/results"

# "EXPERIMENT ON OFF LOCAL" of each item.
items() {
	"$BUILD/t2t-report" --checklist "$folder/results" --json |
		python3 -c 'import json, sys
for one in json.load(sys.stdin)["items"]:
    print(one["experiment"], one["on"], one["off"], one["local"])'
}
wrong() {
	local name on off local_ file
	while read -r name on off local_; do
		file=../ansible/experiments/$name.yml
		[ -f "$file" ] || { echo "$name: no such experiment" && continue; }
		grep -qE "^  \"?$on\"?:" "$file" || echo "$name: no arm $on"
		grep -qE "^  \"?$off\"?:" "$file" || echo "$name: no arm $off"
		[ "$local_" = "$(grep -q '^places:.*local' "$file" &&
			echo True || echo False)" ] || echo "$name: another place"
	done < <(items)
}
expect_none 'C.37 each item has its experiment, with both arms' < <(wrong)
check 'C.37 there are ten' test "$(items | wc -l)" = 10
report --checklist "$folder/results"
check 'what has no result says how to get one' test \
	"$(grep -c 'make experiment NAME=' "$folder/out")" = 10
check 'what needs guests says so' test "$(grep -c 'make up first' "$folder/out")" = 2

result_of() { # folder, experiment, arms...
	make_results "$folder/results/$1"
	python3 - "$folder/results/$1/manifest.json" "${@:2}" <<-'END'
		import json, sys
		manifest = json.load(open(sys.argv[1]))
		manifest["experiment"] = {"name": sys.argv[2]}
		manifest["parameters"]["arms"] = sys.argv[3:5] + [sys.argv[3] + "@again"]
		json.dump(manifest, open(sys.argv[1], "w"))
	END
}
result_of 1 nodelay nodelay nagle
report --checklist "$folder/results"
check 'C.37 a result gives its verdict' grep -qF \
	'nodelay: nagle against nodelay: faster by 39.9 %' "$folder/out"
# One block, which can't decide: an older one says more.
result_of 15 nodelay nodelay nagle
python3 - "$folder/results/15" <<-'END'
	import json, os, shutil, sys
	os.chdir(sys.argv[1])
	manifest = json.load(open("manifest.json"))
	manifest["parameters"]["blocks"] = 1
	json.dump(manifest, open("manifest.json", "w"))
	for trial in os.listdir("trials"):
	    if int(trial.split("-")[0]) > 3:
	        shutil.rmtree("trials/" + trial)
END
report --checklist "$folder/results"
check 'one that can not decide is no newer one' grep -q 'results/1$' "$folder/out"
result_of 2 nodelay nodelay nagle
# Half-written, and the newest.
result_of 3 nodelay nodelay nagle
sed -i 's/"complete"/"running"/' "$folder/results/3/manifest.json"
report --checklist "$folder/results"
check 'the newest that is complete' grep -q 'results/2$' "$folder/out"
result_of 4 offloads off other
python3 - "$folder/results/4/manifest.json" <<-'END'
	import json, sys
	manifest = json.load(open(sys.argv[1]))
	manifest["skipped"] = [{"what": "on", "reason": "no <tso>"}]
	json.dump(manifest, open(sys.argv[1], "w"))
END
report --checklist "$folder/results" --markdown "$folder/list.md"
check 'an arm that was left out is a reason' grep -qF \
	'offloads: on was left out: no <tso>' "$folder/out"
check 'in Markdown it is no markup' grep -qF 'no \<tso\>' "$folder/list.md"
echo '{' >"$folder/results/4/manifest.json"
rm "$folder/results/2/trials/1-x/trial.json"
report --checklist "$folder/results"
check 'damaged ones are passed over' grep -q 'results/1$' "$folder/out"
check 'a folder that is not there is refused' eval \
	'! report --checklist "$folder/none" && grep -q "none: No such" "$folder/err"'
finish
