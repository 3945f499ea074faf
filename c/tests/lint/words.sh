#!/bin/bash
# SPDX-License-Identifier: MIT
# One way to say a thing, in messages, comments and documents.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
cd .. || exit

# Patterns (grep -E), and what stands in their place.
declare -A words=(
	['\bcan''not\b']="can't"
	['[Aa]sked for [^,"]*, (had|got) ']='requested .., got ..'
	['\b(can|don|doesn|isn|won|wasn|haven|didn)t\b']='with its apostrophe'
	['\b(recieve|seperat|occured|succesful|lenght|wich)']='as it is spelt'
)
for pattern in "${!words[@]}"; do
	expect_none "$pattern: ${words[$pattern]}" < <(git grep -InE "$pattern" \
		-- . ':!LICENSE' ':!c/tests/lint/words.sh')
done
finish
