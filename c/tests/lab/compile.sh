#!/bin/bash
# SPDX-License-Identifier: MIT
# How the programs are built: a build that is killed leaves nothing behind that
# looks whole, and the role builds as the user whose tree it is.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# -- Killed in the middle of a file

mkdir -p "$work/killed/bin"
tar --exclude=./build --exclude=./tests -cf - . | tar -C "$work/killed" -xf -
# Of the second file it writes half, and then waits to be killed.
cat >"$work/killed/bin/halfway" <<'END_OF_SCRIPT'
#!/bin/bash
output='' depends=''
for ((i = 1; i <= $#; i++)); do
	next=$((i + 1))
	case ${!i} in
	-o) output=${!next} ;;
	-MF) depends=${!next} ;;
	esac
done
if [[ $* == *' -c '* && -e $HALFWAY/cut ]]; then
	gcc "$@" || exit
	if [ -e "$HALFWAY/second" ]; then
		[ -n "$depends" ] || depends=${output%.o}.d
		truncate -s 2000 "$output"
		printf 'base/log.o: base/lo' >"$depends"
		echo "${!#}" >"$HALFWAY/written"
		exec sleep 600
	fi
	echo "${!#}" >"$HALFWAY/second"
	exit
fi
exec gcc "$@"
END_OF_SCRIPT
chmod +x "$work/killed/bin/halfway"
export HALFWAY=$work
build() {
	env -u MAKEFLAGS -u MAKELEVEL PATH="$work/killed/bin:$PATH" \
		make -C "$work/killed" CONFIGURE=--cc=halfway LAYERS=base library
}
: >"$work/cut"
(
	export work
	export -f build
	exec setsid bash -c build
) >"$work/log" 2>&1 </dev/null &
killed=$!
until [ -e "$work/written" ] || ! kill -0 $killed 2>/dev/null; do
	sleep 0.1
done
kill -KILL -- -$killed
wait $killed 2>/dev/null
name='a build that was killed in the middle of a file is taken up'
rm "$work/cut"
if [ ! -e "$work/written" ]; then
	fail "$name" < <(echo 'it was never cut off'; cat "$work/log")
elif build >"$work/log" 2>&1 &&
	nm "$work/killed/build/libt2t.a" >"$work/symbols" 2>&1 &&
	! grep 'nm: ' "$work/symbols" >>"$work/log"; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi
expect_none 'what was whole is not made again' < <(
	grep -qF " $(cat "$work/written")" "$work/log" ||
		echo 'what was cut off is not'
	grep -F " $(cat "$work/second")" "$work/log"
)

# -- A library that comes later

mkdir "$work/pkgconfig"
sed 's/^Cflags:.*/& -DOF_ANOTHER/' "$(pkg-config --variable=pcfiledir zlib)/zlib.pc" \
	>"$work/pkgconfig/zlib.pc"
build >"$work/log" 2>&1
name='nothing is configured again where nothing changed'
if grep -q '^configure: ' "$work/log"; then
	fail "$name" <"$work/log"
else
	pass "$name"
fi
name='a library that is installed later is in the next build'
if PKG_CONFIG_PATH=$work/pkgconfig build >"$work/log" 2>&1 &&
	grep -q 'halfway.*-DOF_ANOTHER' "$work/log"; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi

# -- The role

for tool in ansible-playbook setpriv; do
	command -v $tool >/dev/null && continue
	skip "it is built as the tree's owner" "no $tool"
	finish
done
if [ "$(id -u)" != 0 ]; then
	skip "it is built as the tree's owner" 'wants root'
	finish
fi

# Somebody's tree, in which there is little to build.
tree=$work/tree
mkdir -p "$tree/c/build" "$tree/images"
cp -r ../ansible/roles "$work/"
cp ../images/in-root ../images/*.bash "$tree/images/"
cat >"$tree/c/Makefile" <<'END_OF_MAKEFILE'
$(BUILD)/t2t-program:
	@[ ! -e broken ]
	@mkdir -p $(@D)
	echo built -o >$@
END_OF_MAKEFILE
chown -R 65534:65534 "$tree"
cp tests/lab/compile.yml "$work/"

compile() { # root or here, folder, setting of the host...
	local where=$1 programs=$2
	shift 2
	echo "localhost ansible_connection=local $*" >"$work/hosts"
	ANSIBLE_ROLES_PATH=$work/roles ansible-playbook -i "$work/hosts" \
		-e compile_where="$where" -e lab_repository="$tree" \
		-e lab_programs="$programs" "$work/compile.yml" \
		>"$work/log" 2>&1 </dev/null
}

# A root with what the build needs, of this machine: those that a guest's
# programs are built in are looked at by tests/lab/images.sh.
root=$tree/images/build/root
mkdir -p "$root"/{usr/bin,etc,proc,dev,tmp,lab}
ln -s usr/bin "$root/bin"
for program in sh make mkdir; do
	path=$(realpath "$(command -v $program)")
	cp "$path" "$root/usr/bin/$program"
	ldd "$path" | grep -o '/[^ ]*' | while IFS= read -r library; do
		mkdir -p "$root${library%/*}"
		cp -Ln "$library" "$root$library"
	done
done
name="in the build root it is built as the tree's owner"
if compile root "$tree/c/build/guest" &&
	[ -e "$tree/c/build/guest/t2t-program" ]; then
	expect_none "$name" < <(find "$tree/c" ! -uid 65534)
else
	fail "$name" <"$work/log"
fi

name="and where root has built in somebody's tree, as root"
chown 0:0 "$tree/c/build"
if compile root "$tree/c/build/second" &&
	[ -e "$tree/c/build/second/t2t-program" ]; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi
rm -r "$tree/c/build/second"
chown 65534:65534 "$tree/c/build"

# To become somebody would fail.
name='on this machine it is built as the user who asks for it'
if compile here "$tree/c/build" ansible_become=true \
	ansible_become_user=nobody ansible_become_exe=/nonexistent &&
	[ -e "$tree/c/build/t2t-program" ]; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi

name='a build that failed is taken up, and what else is there stays'
echo sample >"$tree/c/build/sample.csv.gz"
rm "$tree/c/build/t2t-program"
touch "$tree/c/broken"
compile here "$tree/c/build" && echo 'it did not fail' >"$work/log"
rm "$tree/c/broken"
if compile here "$tree/c/build" && [ -s "$tree/c/build/sample.csv.gz" ] &&
	[ -e "$tree/c/build/t2t-program" ]; then
	pass "$name"
else
	fail "$name" <"$work/log"
fi
finish
