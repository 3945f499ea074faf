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

# In what the programs say: no capital and no full stop, but where a requirement
# has it so, and plain English.
declare -A messages=(
	['log_(error|warning|info)\("[A-Z][a-z]']='begins with a small letter'
	['log_(error|warning|info)\("[^"]*[^.]\."']='ends without a full stop'
	['"[^"]*\bwanted: ']='expected ..'
	['"[^"]*\bwants a ']='needs a ..'
	['"[^"]*[a-z)'"'"'] (is|are) no [a-zA-Z%'"'"']']="is not a .."
	['"[^"]*\basked for %']='requested .., got ..'
	['"[^"]*the kernel made it']='requested .., got ..'
	['"[^"]*(not|be) ours']='whose?'
	['"[^"]*past the kernel']='bypassing the kernel'
)
for pattern in "${!messages[@]}"; do
	expect_none "messages: $pattern: ${messages[$pattern]}" < <(
		git grep -InE "$pattern" -- 'c/*.c' images ansible/roles \
			':!c/tests' | grep -v 'Gap detected\|there is no')
done
finish
