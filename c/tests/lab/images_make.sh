#!/bin/bash
# SPDX-License-Identifier: MIT
# The guest image really made, in a folder of its own: what is in it, that it
# is made again when it has to be and only then, the same from the same
# packages, and that one that is killed leaves nothing behind. Made again from
# as few packages as there can be. What make-image refuses is
# tests/lab/images.sh.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# For one image (s); a busy machine takes two minutes.
limit=400

for program in mmdebstrap qemu-img jq e2fsck debugfs setpriv; do
	if ! command -v $program >/dev/null; then
		skip 'the image is made' "no $program"
		finish
	fi
done
if [ "$(id -u)" != 0 ]; then
	skip 'the image is made' 'wants root, to install packages into a folder'
	finish
fi

work=$(mktemp -d)
made=
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ -z "$made" ] || kill -KILL "$made" 2>/dev/null
	rm -rf --one-file-system "$work"
}
trap clean EXIT
chmod 755 "$work"
# A copy, whose lists can be changed.
mkdir "$work/images"
tar -C ../images --exclude=./build -cf - . | tar -C "$work/images" -xf -
output=$work/output
log=$work/log

make_image() { # argument...
	timeout --kill-after=5 $limit "$work/images/make-image" \
		--output "$output" "$@" >"$log" 2>&1 </dev/null
}
guest_sha256() { jq -r '.products["guest.qcow2"].sha256' "$output/manifest.json"; }
# All that is there, to the time of each change.
listing() {
	find "$output" -path "$output/root/*" -prune -o \
		! -name .lock ! -name make-image.log -printf '%P %s %T@\n' | sort
}

name='the image is made'
if make_image; then
	pass "$name"
elif grep -q 'no answer for the suite' "$log"; then
	skip "$name" "no mirror of Debian packages: $(tail -n 1 "$log")"
	finish
else
	fail "$name" <"$log"
	finish
fi

# -- What is in it

wrong_sums() {
	jq -r '.products | to_entries[] | "\(.value.sha256)  \(.key)"' \
		"$output/manifest.json" >"$work/sums"
	for product in guest.qcow2 kernels/stock/vmlinuz kernels/stock/initrd; do
		grep -q "  $product$" "$work/sums" || echo "$product: not in it"
	done
	(cd "$output" && sha256sum --quiet -c "$work/sums") 2>&1
}
expect_none 'the manifest has the sum of each product' < <(wrong_sums)

raw=$work/guest.raw
qemu-img convert -O raw "$output/guest.qcow2" "$raw"
name="the guest's file system is clean"
if e2fsck -fn "$raw" >"$log" 2>&1; then
	pass "$name"
else
	fail "$name" <"$log"
fi
look() { debugfs -R "$1" "$raw" 2>/dev/null; }
expect_none 'no host keys are in it' < <(
	look 'ls -p /etc/ssh' | grep -F /sshd_config/ >/dev/null ||
		echo 'no sshd_config either'
	look 'ls -p /etc/ssh' | grep ssh_host_
)
expect_none 'it has no machine-id of its own' < <(
	look 'stat /etc/machine-id' | grep -q 'Type: regular' || echo 'no file'
	look 'cat /etc/machine-id'
	look 'cat /var/lib/dbus/machine-id'
)
expect_none 'nobody has a password in it' < <(
	look 'cat /etc/shadow' | grep -q ^root: || echo 'nobody at all'
	look 'cat /etc/shadow' | awk -F: '$2 !~ /^[!*]+$/ { print $1 ": " $2 }'
)
expect_none "none of this machine's settings are in it" < <(
	for file in /etc/resolv.conf /etc/hostname; do
		look "cat $file"
	done
	look 'ls -p /var/lib/apt/lists' | grep -E 'Packages|InRelease'
)
rm "$raw"

cat >"$work/library.c" <<'END'
#include <gnu/libc-version.h>
#include <jansson.h>
#include <stdio.h>

int main(void)
{
	json_t *text = json_string(gnu_get_libc_version());

	printf("%s\n", json_string_value(text));
	json_decref(text);
	return 0;
}
END
name="a program is built and run with the guest's libraries"
"$work/images/in-root" --images "$output" sh -c \
	'gcc -Wall -Werror -o library library.c -ljansson && ./library' \
	>"$log" 2>&1
version=$(jq -r '.packages.libc6' "$output/manifest.json")
if [ -s "$log" ] && [ "$(cat "$log")" = "${version%%-*}" ]; then
	pass "$name"
else
	fail "$name" < <(echo "libc6 is $version"; cat "$log")
fi
expect_none 'in-root leaves no mount behind' \
	< <(grep -F "$output" /proc/self/mountinfo)

# -- Made again when it has to be

name='once more it is up to date, and nothing changes'
listing >"$work/before"
if make_image && grep -q 'up to date' "$log" &&
	listing | cmp -s "$work/before" -; then
	pass "$name"
else
	fail "$name" < <(
		cat "$log"
		listing | diff "$work/before" -
	)
fi

# The one that the lab runs is of the same packages, or else a second is made.
name='the same packages make the same image'
sameness='[.inputs_sha256, .packages]'
lab=../images/build/manifest.json
first=$(guest_sha256)
if [ -e $lab ] && [ "$(jq "$sameness" $lab)" = \
	"$(jq "$sameness" "$output/manifest.json")" ]; then
	second=$(jq -r '.products["guest.qcow2"].sha256' $lab)
elif make_image --force; then
	second=$(guest_sha256)
else
	second="not made: $(cat "$log")"
fi
if [ "$second" = "$first" ]; then
	pass "$name"
else
	fail "$name" <<<"one is $first, the other $second"
fi

# Whatever still works there, is mounted there, or stands in it.
left_over() {
	local process
	for process in /proc/[0-9]*; do
		if grep -qF "$output" "$process/mountinfo" 2>/dev/null ||
			[[ $(readlink "$process/cwd" "$process/root") = *$output* ]] ||
			tr '\0' ' ' <"$process/cmdline" 2>/dev/null |
			grep -F "$output" | grep -vq grep; then
			echo "${process#/proc/}: $(tr '\0' ' ' <"$process/cmdline")"
		fi
	done 2>/dev/null
}

name='another list has it made anew'
listing >"$work/before"
printf '%s\n' systemd-sysv udev kmod e2fsprogs initramfs-tools lz4 \
	>"$work/images/packages-guest"
echo make >"$work/images/packages-build"
sed -i 's/linux-image-amd64/linux-image-cloud-amd64/' "$work/images/kernels"
setsid "$work/images/make-image" --output "$output" >"$log" 2>&1 </dev/null &
made=$!
for ((i = 0; i < limit * 5; i++)); do
	grep -q 'installing kernels' "$log" && break
	kill -0 $made 2>/dev/null || break
	sleep 0.2
done
if grep -q 'installing kernels' "$log" && [ -n "$(left_over)" ]; then
	pass "$name"
else
	fail "$name" <"$log"
fi
kill -KILL $made
wait $made 2>/dev/null
made=
name='killed in the middle it ends with all that it started'
for ((i = 0; i < 100; i++)); do
	left=$(left_over)
	[ -n "$left" ] || break
	sleep 0.1
done
expect_none "$name" <<<"$left"
name='and leaves the image that was there whole'
# The folder itself bears the time of what was made in it.
if listing | grep -v '^\.new\.\|^ ' | cmp -s - <(grep -v '^ ' "$work/before") &&
	[ -z "$(wrong_sums)" ]; then
	pass "$name"
else
	fail "$name" < <(
		listing | diff "$work/before" -
		wrong_sums
	)
fi

name='the next one is made, of that list alone'
if make_image && [ "$(guest_sha256)" != "$first" ] &&
	jq -e '.packages | has("lz4") and (has("cloud-init") | not)' \
		"$output/manifest.json" >/dev/null && [ -z "$(wrong_sums)" ]; then
	pass "$name"
else
	fail "$name" <"$log"
fi
expect_none 'what the killed one left is gone' < <(
	find "$output" -maxdepth 1 -name '.new.*'
)

# -- One's own

cp "$output/guest.qcow2" "$work/own.qcow2"
cp "$output/kernels/stock/vmlinuz" "$work/bzImage"
name="an image and a kernel of one's own"
if make_image --image "$work/own.qcow2" --kernel "$work/bzImage" &&
	qemu-img compare -q "$output/guest.qcow2" "$work/own.qcow2" &&
	cmp "$output/kernels/custom/vmlinuz" "$work/bzImage" >>"$log" 2>&1 &&
	[ -s "$output/kernels/custom/initrd" ] &&
	[ ! -e "$output/kernels/stock" ] &&
	[ "$(jq -r '.kernels | keys[]' "$output/manifest.json")" = custom ]; then
	pass "$name"
else
	fail "$name" <"$log"
fi
expect_none 'the manifest has the sum of each of them' < <(
	wrong_sums | grep -v 'kernels/stock/.*: not in it'
)
expect_none 'nothing works or is mounted there any more' < <(left_over)
finish
