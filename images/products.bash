# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# Sourced by make-image: what was made, its manifest, and whether it is still
# what it was.
# What is not assigned here is make-image's.

# Of the manifest that was there.
recorded() { # jq's filter
	jq -r "$1" <<<"$had"
}

was() { # value, jq's filter
	local value
	value=$(recorded "$2")
	[ "$value" = "$1" ]
}

# Puts what is made in its place, the manifest last: without one nothing counts
# as made. What is whole has one; where this is cut off it is done again.
take_place() { # the folder that it was made in
	local product
	rm -f "$manifest" "$output/.checked"
	mkdir -p "$1/old"
	for product in guest.qcow2 kernels root; do
		[ -e "$1/$product" ] || continue
		rm -rf --one-file-system "$1/old/$product"
		[ ! -e "$output/$product" ] || mv "$output/$product" "$1/old/"
		mv "$1/$product" "$output/"
	done
	sync "$output"
	mv "$1/manifest.json" "$manifest"
	sync "$output"
}

# A disk image of somebody's own, as it is now: own_sha256.
look_at_own() { # path
	local said code=0
	said=$(qemu-img info "$1" 2>&1) ||
		fail "--image $1: qemu-img can't read it: $said"
	# 3: clusters that nobody uses; 63: a format that has no check.
	said=$(qemu-img check -q "$1" 2>&1) || code=$?
	case $code in
	0 | 3 | 63) ;;
	*) fail "--image $1: qemu-img check ended with $code: $said" ;;
	esac
	own_sha256=$(hash_of <"$1")
}

# Something was taken from a file that is another by now.
tell_changed() { # file, its sum then, its size and time, the variable
	local now sum
	if [ ! -f "$1" ]; then
		echo "image: $1 is gone since: what was taken of it is used"
		return
	fi
	now=$(stat -c '%s %y' "$1")
	[ "$now" != "$3" ] || return 0
	sum=$(hash_of <"$1")
	[ "$sum" = "$2" ] ||
		echo "image: $1 has changed since, what was taken of it is used: $4=$1 takes it anew"
}

# Of what is installed, but not of what a build may leave.
root_sum() { # the root
	(cd "$1" && find . -xdev -path ./tmp -prune -o ! -type d \
		-printf '%p %s %m %T@ %l\n' | sort | hash_of)
}

# What changes with each write to a product.
product_states() {
	(cd "$output" && find . -path ./root -prune -o -path './.*' -prune -o \
		-type f ! -name '*.json' ! -name '*.log' \
		-printf '%p %i %s %T@ %C@\n' | sort)
}

# The products that are not what they were, a line each. The sums of large
# files are taken where one was written to or touched since the last time.
damaged() {
	local root found='' state checked='' sums wrong code=0
	root=$(recorded '.root_sha256 // ""')
	if [ -n "$root" ] && [ -d "$output/root" ]; then
		found=$(root_sum "$output/root")
	fi
	[ "$found" = "$root" ] || echo root
	sums=$(recorded '.products // {} | to_entries[] |
		"\(.value.sha256)  \(.key)"')
	[ -n "$sums" ] || return 0
	state=$(product_states)
	[ ! -e "$output/.checked" ] || checked=$(cat "$output/.checked")
	[ -n "$check$force" ] || [ "$state" != "$checked" ] || return 0
	wrong=$(cd "$output" && sha256sum --quiet -c <<<"$sums" 2>/dev/null) ||
		code=$?
	if [ -n "$wrong" ]; then
		awk -F': FAILED' '{ print $1 }' <<<"$wrong"
	elif [ $code = 0 ]; then
		echo "$state" >"$output/.checked"
	else
		fail "sha256sum of the products ended with $code"
	fi
}

# Of what lies in this folder, to manifest.new.
write_manifest() {
	local products='' product bytes sum tool root kernels
	mkdir -p kernels
	for product in guest.qcow2 kernels/*/*; do
		[ -f "$product" ] || continue
		bytes=$(stat -c %s "$product")
		sum=$(hash_of <"$product")
		products+="$product"$'\t'"$bytes"$'\t'"$sum"$'\n'
	done
	tool=$(mmdebstrap --version)
	root=$(root_sum root)
	kernels=$(jq -s --arg path "$custom" --arg modules "$custom_modules" '
		map(if .key == "custom"
			then .value += {path: $path, modules: $modules}
			else . end) | from_entries' kernels.json)
	jq -n --arg inputs "$inputs" --arg suite "$suite" --arg size "$size" \
		--arg with "${extras[*]}" --arg tools "${tools[*]}" \
		--arg path "$own" \
		--arg sha256 "${own_sha256:-}" --arg stat "${own_stat:-}" \
		--arg since "$since" --arg made_at "$made_at" \
		--arg mirror "$mirror" --arg epoch "$SOURCE_DATE_EPOCH" \
		--arg tool "$tool" --arg root "$root" \
		--arg products "$products" --argjson kernels "$kernels" \
		--rawfile guest packages-guest \
		--rawfile build packages-build '
	def rows: split("\n") | map(select(. != "") | split("\t"));
	def table: rows | map({key: .[0], value: .[1]}) | from_entries;
	{
		schema: 2,
		made_at: $made_at,
		inputs_sha256: $inputs,
		suite: $suite,
		size: $size,
		with: ($with | split(" ")),
		tools: ($tools | split(" ")),
		mirror: (if $mirror == "" then "the default of " + $tool
			else $mirror | sub("//[^/@]*@"; "//") end),
		source_date_epoch: ($epoch | tonumber),
		mmdebstrap: $tool,
		image: (if $path == "" then null else {path: $path,
			sha256: $sha256, stat: $stat, since: $since} end),
		kernels: $kernels,
		products: ($products | rows | map({key: .[0],
			value: {size: (.[1] | tonumber), sha256: .[2]}}) |
			from_entries),
		root_sha256: $root,
		packages: ($guest | table),
		build_root_packages: ($build | table)
	}' >manifest.new
}
