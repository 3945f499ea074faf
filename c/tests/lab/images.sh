#!/bin/bash
# SPDX-License-Identifier: MIT
# images/: what make-image and in-root refuse, and that a refusal changes
# nothing. Making one is tests/lab/images_make.sh.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
make_image=../images/make-image
in_root=../images/in-root
# Bounded: a mirror that is silent is given up after half a minute.
limit=60

work=$(mktemp -d)
listener=
# shellcheck disable=SC2317 # called by the trap
clean() {
	[ -z "$listener" ] || kill "$listener"
	rm -rf "$work"
}
trap clean EXIT
output=$work/output

# Ends with the code, says the text (a regular expression), and leaves what
# was there as it was.
mkdir "$output"
echo '{}' >"$output/manifest.json"
echo kept >"$output/guest.qcow2"
refuses() { # name, code, text, command...
	local name=$1 code=$2 text=$3 found left
	shift 3
	timeout "$limit" "$@" >"$work/out" 2>&1 </dev/null
	found=$?
	left=$(cd "$output" && find . -mindepth 1 ! -name .lock \
		! -name make-image.log -printf '%P ' -exec cat {} +)
	if [ $found = "$code" ] && grep -qE -e "$text" "$work/out" &&
		[ "$(tr ' ' '\n' <<<"$left" | LC_ALL=C sort | xargs)" = \
			'guest.qcow2 kept manifest.json {}' ]; then
		pass "$name"
	else
		fail "$name" < <(
			echo "ended with $found, wanted $code and /$text/"
			echo "there is: $left"
			cat "$work/out"
		)
	fi
}

name='both tell how they are used'
if $make_image --help | grep -q '^Usage: make-image' &&
	$in_root --help | grep -q '^Usage: in-root'; then
	pass "$name"
else
	fail "$name" </dev/null
fi

run=("$make_image" --output "$output")
refuses 'an unknown option' 2 '--sise' "${run[@]}" --sise 4G
refuses 'an option without a value' 2 '--size needs' "${run[@]}" --size
refuses 'a size that is none' 2 '--size 4X' "${run[@]}" --size 4X
refuses 'a suite that is no name' 2 '--suite' "${run[@]}" --suite 'a b'
refuses 'a mirror that is no URL' 2 '--mirror' "${run[@]}" --mirror nowhere
refuses 'a kernel that is not in the list' 2 '--kernel rtt: .*stock.* rt' \
	"${run[@]}" --kernel rtt
refuses 'a kernel that is not there' 2 '--kernel /.*: no such file' \
	"${run[@]}" --kernel "$work/bzImage"
echo 'no kernel' >"$work/text"
refuses 'a kernel that is not a bzImage' 1 '--kernel /.*: this is not a bzImage' \
	"${run[@]}" --kernel "$work/text"
# Like an uncompressed vmlinux, which people try first.
cp /bin/true "$work/vmlinux"
refuses 'a kernel that is an ELF file' 1 '--kernel /.*: this is not a bzImage' \
	"${run[@]}" --kernel "$work/vmlinux"
refuses 'modules without their kernel' 2 '--modules' "${run[@]}" --modules /
refuses 'a list that is not there' 2 '--with nothing' "${run[@]}" --with nothing
make_kernel=../images/make-kernel
refuses 'make-kernel: a kernel that there is not' 2 'no images/kernel-nothing.config' \
	$make_kernel --source / nothing
refuses 'make-kernel: no source' 2 '--source needs' $make_kernel debug
refuses 'make-kernel: what is no source' 1 '--source /: this is not a tree of Linux' \
	$make_kernel --source / debug
refuses 'tools of which there is no list' 2 '--tools nothing: there is no list images/tools-nothing' \
	"${run[@]}" --tools nothing
refuses 'an image that is not there' 2 '--image /.*: no such file' \
	"${run[@]}" --image "$work/missing.qcow2"
refuses 'an image with another kernel by name' 2 '--kernel rt: ' \
	"${run[@]}" --image "$work/text" --kernel rt

# Only those commands that are no part of what is missing.
mkdir "$work/bin"
for command in bash cat awk sed od dd tr cut sort find grep paste xargs mktemp \
	basename dirname realpath sha256sum id df rm mkdir flock; do
	ln -s "$(command -v $command)" "$work/bin/"
done
refuses 'tools that are missing are named by package' 1 \
	'missing: mmdebstrap qemu-utils jq.*apt-get install mmdebstrap' \
	env PATH="$work/bin" "${run[@]}"

refuses 'in-root without a build root' 1 "run 'make image'" \
	"$in_root" --images "$output" true
refuses 'in-root without a command' 2 'no command' "$in_root"

tools=1
for tool in mmdebstrap qemu-img jq; do
	command -v $tool >/dev/null || tools=
done
needs_root() { # name
	if [ -z "$tools" ]; then
		skip "$1" "not installed: mmdebstrap, qemu-utils or jq"
	elif [ "$(id -u)" != 0 ]; then
		skip "$1" 'wants root'
	else
		return 0
	fi
	return 1
}

name='who is not root is told to use sudo'
if needs_root "$name"; then
	chmod 755 "$work"
	refuses "$name" 1 'must be root.*sudo' setpriv --reuid=65534 \
		--regid=65534 --clear-groups "$(realpath $make_image)" \
		--output "$output"
fi
name='an image that is none'
if needs_root "$name"; then
	# qemu-img takes any file as raw, but no file that claims a format.
	printf 'QFI\373junk' >"$work/junk.qcow2"
	refuses "$name" 1 "--image /.*: qemu-img can't read it" \
		"${run[@]}" --image "$work/junk.qcow2"
fi
name='an image that qemu-img finds damaged'
if needs_root "$name"; then
	qemu-img create -q -f qcow2 "$work/damaged.qcow2" 64M
	qemu-io -c 'write 0 1M' "$work/damaged.qcow2" >/dev/null
	# Of the first entry of its table of blocks, which lies in its third or
	# fourth cluster.
	for at in 131072 196608 262144; do
		printf '\0\0\0\0\0\0\0\0' | dd of="$work/damaged.qcow2" \
			bs=1 seek=$at conv=notrunc status=none
	done
	refuses "$name" 1 '--image /.*: qemu-img check ended with 2' \
		"${run[@]}" --image "$work/damaged.qcow2"
fi
name='a kernel that is to be built before'
needs_root "$name" && refuses "$name" 1 \
	'--kernel debug: it is not built yet: images/make-kernel debug' \
	"${run[@]}" --kernel debug
name='a mirror that refuses'
needs_root "$name" && refuses "$name" 1 '--mirror http://127.0.0.1:9/debian' \
	"${run[@]}" --mirror http://127.0.0.1:9/debian
name="a mirror that can't be reached"
needs_root "$name" && refuses "$name" 1 '--mirror http://192.0.2.1/debian' \
	unshare --net "${run[@]}" --mirror http://192.0.2.1/debian
name='a mirror without the suite'
if needs_root "$name"; then
	mkdir -p "$work/mirror/dists"
	refuses "$name" 1 'no answer for the suite trixie' \
		"${run[@]}" --mirror "file://$work/mirror"
fi
name="a mirror that is silent is given up within $limit s"
if needs_root "$name"; then
	python3 -c '
import socket, time
silent = socket.create_server(("127.0.0.1", 0))
print(silent.getsockname()[1], flush=True)
time.sleep(600)' >"$work/port" &
	listener=$!
	for ((i = 0; i < 300; i++)); do
		[ ! -s "$work/port" ] || break
		sleep 0.1
	done
	refuses "$name" 1 '--mirror http://127.0.0.1:.*no answer' "${run[@]}" \
		--mirror "http://127.0.0.1:$(cat "$work/port")/debian"
fi
name='a disk that is too full'
if needs_root "$name"; then
	# The refusal has to be seen before the file system goes.
	cat >"$work/full" <<-END
		mount -t tmpfs -o size=64M tmpfs "$output"
		mkdir "$output/images"
		$make_image --output "$output/images"
		code=\$?
		ls -A "$output/images"
		exit \$code
	END
	refuses "$name" 1 "$output/images: .* MiB are free .* wanted" \
		unshare --mount bash "$work/full"
fi
finish
