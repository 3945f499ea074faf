# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A campaign in namespaces of $BUILD, on the test's $folder/feed.csv.gz, and what
# it said in $folder/out and log.
# shellcheck disable=SC2154
run() { # folder of the result, arguments...
	local output=$folder/$1
	shift
	"$BUILD/t2t-run" --feed "$folder/feed.csv.gz" --seed 1 \
		--output "$output" "$@" >"$folder/out" 2>"$folder/log"
}
# Of its manifest, or of its summary.
said() { # folder, file, filter
	jq -r "$3" "$folder/$1/$2.json"
}
