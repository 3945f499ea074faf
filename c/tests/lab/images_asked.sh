#!/bin/bash
# SPDX-License-Identifier: MIT
# What make-image keeps from call to call, what it does about damage, and where
# packages come from. The tools that install are stand-ins: seconds, without
# root or a network. That an image is really made is tests/lab/images_make.sh.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

for tool in python3 jq flock setpriv; do
	command -v $tool >/dev/null && continue
	skip 'what was asked for stays' "$tool is not installed"
	finish
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/images"
tar -C ../images --exclude=./build -cf - . | tar -C "$work/images" -xf -
python3 -B tests/lint/substitutions.py "$work"
output=$work/output
log=$work/log
cp "$work/bzImage" "$work/bzImage.built"
export MMDEBSTRAP_SAID=$work/mmdebstrap

make_image() { # argument...
	PATH="$work/stubs:$PATH" "$work/images/make-image" --output "$output" \
		"$@" >"$log" 2>&1 </dev/null
}
of_manifest() { jq -r "$1" "$output/manifest.json"; }
# Ends with the code, and says the text.
ends() { # name, code, text, argument...
	local name=$1 code=$2 text=$3 found
	shift 3
	make_image "$@"
	found=$?
	if [ $found = "$code" ] && grep -qE -e "$text" "$log"; then
		pass "$name"
	else
		fail "$name" < <(
			echo "ended with $found, wanted $code and /$text/"
			cat "$log"
		)
	fi
}
holds() { # name, command...
	local name=$1
	shift
	if "$@" >>"$log" 2>&1; then
		pass "$name"
	else
		fail "$name" < <(
			echo "not so: $*"
			cat "$log"
		)
	fi
}
# shellcheck disable=SC2317 # called by holds
is_own() { [ "$(cat "$output/guest.qcow2")" = own ]; }
changed_list() { echo '# changed' >>"$work/images/packages-guest"; }
up='image: up to date'
own=$work/own.raw

# -- One's own

ends "an image of one's own is taken, and said" 0 "yours: $own .*IMAGE=stock" \
	--image "$own"
for i in first second third; do
	ends "the $i call without a word keeps it, and says so" 0 \
		"yours: $own \(sha256 [0-9a-f]{12}\), since 20.*IMAGE=stock"
	holds "nothing is made by the $i" grep -q "$up" "$log"
done
holds 'it is there' is_own
changed_list
ends 'with another list the build root is made again' 0 'made: '
holds 'and the image is still there' is_own
sleep 0.01
echo other >"$own"
ends 'that the file has changed since is said' 0 "$own has changed since.*IMAGE="
holds 'it is used as it was' is_own
dd if=/dev/zero of="$output/guest.qcow2" bs=2 count=1 conv=notrunc status=none
ends 'damaged, with a file that is another, it is refused' 1 \
	"guest.qcow2, taken from $own, is damaged, and $own is not what it was"
rm "$own"
ends 'and with one that is gone' 1 'is damaged, .*IMAGE=FILE .*IMAGE=stock'
printf own >"$own"
ends 'with what the file was it is made again' 0 'damaged, made again: guest.qcow2'
holds 'and is what it was' is_own
rm "$own"
ends 'that the file is gone is said' 0 "$own is gone since"
holds 'nothing is made then' grep -q "$up" "$log"
ends 'a kernel by name is refused beside it' 2 '--kernel rt: the image .* its own' \
	--kernel rt
# As one that is killed while it puts things in their place leaves it.
mkdir "$output/.new.killed"
mv "$output/manifest.json" "$output/guest.qcow2" "$output/.new.killed"
ends 'killed at the very end, it is there all the same' 0 "yours: $own"
holds 'whole' is_own
echo leaks >"$work/own.qcow2"
ends 'an image with clusters that nobody uses is taken' 0 'yours: .*own.qcow2' \
	--image "$work/own.qcow2"
ends 'stock goes back' 0 'made: ' --image stock
holds "it is Debian's" test "$(of_manifest .image)" = null
ends 'and stays' 0 "$up"
expect_none "nobody's own is named then" < <(grep yours "$log")

# -- Damage

damage() { # file
	local time
	time=$(stat -c %y "$1")
	chmod u+w "$1"
	printf '\377\377' | dd of="$1" conv=notrunc status=none
	touch -d "$time" "$1"
}
for product in guest.qcow2 kernels/stock/vmlinuz kernels/stock/initrd; do
	damage "$output/$product"
	ends "$product of the same size and time is noticed by --check" 1 \
		"damaged: $product: FORCE=1" --check
	ends "and made again" 0 "damaged, made again: $product"
	ends 'once' 0 "$up"
done
rm "$output/root/etc/apt/sources.list"
ends 'a file that lacks in the build root is noticed' 0 'made again: root'
rm -r "$output/root"
ends 'a build root that lacks is noticed' 0 'made again: root'
ends '--check finds nothing wrong' 0 'nothing is damaged' --check
ends '--force makes it again' 0 'made: ' --force
expect_none 'nothing is left of what was replaced' \
	< <(find "$output" -maxdepth 1 -name '.new.*')
echo garbage >"$output/manifest.json"
ends "a manifest that can't be read is refused" 1 \
	"manifest.json can't be read, .*IMAGE=stock"
ends 'and stock makes it anew' 0 'made: ' --image stock

# -- Kernels, lists, suite and size

ends 'a kernel of one'\''s own' 0 'custom kernel: .*bzImage' --size 5G \
	--with clang --kernel "$work/bzImage" --modules "$work/6.9-own" \
	--kernel backports
before=$(of_manifest '[.kernels.custom, .size, .with]')
rm -r "$work/bzImage" "$work/6.9-own"
ends 'it is used when its file is gone, which is said' 0 'bzImage is gone since'
holds 'nothing is made then' grep -q "$up" "$log"
changed_list
ends 'with another list it is made again from what was taken' 0 'made: '
holds 'kernel, size and list stay' \
	test "$(of_manifest '[.kernels.custom, .size, .with]')" = "$before"
holds 'and kernels by name' \
	test "$(of_manifest '.kernels | keys | join(" ")')" = \
	'backports custom stock'
holds 'the modules too' test -e "$output/root/usr/lib" -a \
	-e "$output/kernels/custom/modules.tar"
damage "$output/kernels/custom/vmlinuz"
ends 'damaged, with a file that is gone, it is refused' 1 \
	'kernels/custom is damaged, and .*bzImage is not what it was'
ends 'stock does without' 0 'made: ' --image stock
holds 'it is forgotten' test "$(of_manifest '.kernels | keys[]') $(
	of_manifest .size) $(of_manifest '.with | length')" = 'stock 4G 0'

# One that make-kernel built.
mkdir -p "$output/built/debug"
cp "$work/bzImage.built" "$output/built/debug/bzImage"
ends 'a kernel that was built here' 0 'made: ' --kernel debug
holds 'it is there' test "$(of_manifest '.kernels | keys | join(" ")')" = \
	'debug stock'
ends 'it stays' 0 "$up"
printf changed >>"$output/built/debug/bzImage"
ends 'built anew it is taken anew' 0 'made: '
rm -r "$output/built"
ends 'one that is gone is asked for' 1 'debug: it is not built yet'
ends 'stock does without it' 0 'made: ' --image stock

# -- Tools in the guest

# shellcheck disable=SC2317 # called by holds
included() { grep -qw -e "$1" "$MMDEBSTRAP_SAID"; }
# shellcheck disable=SC2317 # called by holds
lacks() { ! included "$1"; }
ends 'no tools, unless they are asked for' 0 "$up"
holds 'none are installed' lacks bpftrace
ends 'tools make another image' 0 'made: ' --tools trace
for package in trace-cmd bpftrace linux-perf; do
	holds "$package is installed in the guest" included $package
done
holds 'and the manifest says so' test "$(of_manifest '.tools[]')" = trace
ends 'they stay, and that is said' 0 'with tools: trace; .*image_tools=none'
holds 'nothing is made then' grep -q "$up" "$log"
echo '# changed' >>"$work/images/tools-trace"
ends 'another list makes another image' 0 'made: '
ends 'none does without' 0 'made: ' --tools none
holds 'none are installed then' lacks bpftrace
holds 'and the manifest says so' test "$(of_manifest '.tools | length')" = 0
printf own >"$own"
ends "an image of one's own takes none" 2 '--tools trace: the image .*own.raw is taken as it is' \
	--image "$own" --tools trace
ends 'stock takes them again' 0 'made: ' --image stock --tools trace
ends "an image of one's own drops them" 0 'yours: ' --image "$own"
holds 'and the manifest says so' test "$(of_manifest '.tools | length')" = 0
ends 'and refuses them' 2 '--tools trace: the image .* is taken' --tools trace
ends 'stock does without them' 0 'made: ' --image stock
rm "$own"

# -- Where packages come from

comes_from() { # name, wanted, what apt says
	INDEX_TARGETS=$3 ends "packages: $1" 0 'made: ' --image stock --force
	holds 'and from there' test "$(of_manifest .mirror)" = "$2"
}
none='the default of mmdebstrap 1.3.5'
debian='Debian|Debian|'
good=http://good.invalid/debian
comes_from 'of none' "$none" ''
comes_from 'a URL' $good "$debian$good/"
comes_from "the first that answers" $good \
	"${debian}http://dead.invalid/debian/"$'\n'"$debian$good/"
comes_from 'the lists are not there yet' $good "||$good/"
comes_from "nobody else's of the same name" $good \
	"||http://other.invalid/"$'\n'"||$good/"
comes_from 'of another distribution' "$none" \
	'Ubuntu|Ubuntu|http://archive.invalid/ubuntu/'
comes_from 'security alone' "$none" \
	"Debian|Debian-Security|$good-security/"
comes_from 'a CD' "$none" "${debian}cdrom:[Debian]/"
comes_from 'a folder, by copy' copy:///srv/debian "${debian}file:/srv/debian/"
printf '# list\n\nhttp://dead.invalid/debian\n%s\tpriority:1\n' $good \
	>"$work/list"
comes_from 'a list of mirrors' $good "${debian}mirror+file:$work/list/"
comes_from 'a list that is gone' "$none" "${debian}mirror+file:$work/nothing/"
holds "mmdebstrap gets this host's proxy" \
	grep -qF 'Acquire::http::Proxy "http://proxy.invalid:1"' "$work/mmdebstrap"
ends 'one by name' 0 'made: ' --force --mirror "$good/"
holds 'and from there' test "$(of_manifest .mirror)" = $good
ends 'one by name that is dead is named' 1 '--mirror http://dead.invalid/d: no' \
	--force --mirror http://dead.invalid/d
finish
