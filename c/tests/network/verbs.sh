#!/bin/bash
# SPDX-License-Identifier: MIT
# Verbs of the top Makefile that no other test goes through: what they call,
# with what. The programs themselves have their own tests.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
BUILD=$(realpath "${BUILD:-build}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

verb() { # verb, setting...
	env -u MAKEFLAGS -u MAKELEVEL PATH="$folder:$PATH" make --no-print-directory \
		-s -C .. -o build "$@" BUILD="$BUILD" \
		>"$folder/out" 2>"$folder/err" </dev/null
}

said() {
	tail -n 20 "$folder/out" "$folder/err"
}

# Programs that would talk to a lab say what they were called with.
for program in virsh ssh ansible-playbook; do
	# shellcheck disable=SC2016 # for the script that is made
	printf '#!/bin/bash\nprintf "%%s\\n" "$(basename "$0")" "$@"\n' >"$folder/$program"
	chmod +x "$folder/$program"
done

calls() { # name, what it must say, verb, setting...
	verb "${@:3}"
	if [ "$(paste -sd' ' "$folder/out")" = "$2" ]; then
		pass "$1"
	else
		fail "$1" < <(said)
	fi
}
printf 'Host %s t-%s\n' trader trader exchange exchange >"$folder/ssh_config"
calls 'make console is that of the trader' \
	'virsh -c qemu:///system console --domain t-trader' console \
	LAB_FOLDER="$folder"
calls 'or of the guest that is asked for' \
	'virsh -c qemu:///system console --domain t-exchange' console \
	GUEST=exchange LAB_FOLDER="$folder"
calls 'make ssh takes the configuration of the lab' \
	'ssh -F /lab/ssh_config trader' ssh LAB_FOLDER=/lab
calls 'and a command, as one word' \
	'ssh -F /lab/ssh_config exchange uname -a; id' ssh LAB_FOLDER=/lab \
	GUEST=exchange RUN='uname -a; id'

calls 'make up hands SET on as one word, whatever its quotes' \
	"ansible-playbook -i ../inventory/lab -e a='b c' d=\"e'f\" up.yml" up \
	-o deps-lab -o image sudo= SET="a='b c' d=\"e'f\""

# Ours is root's here, and needs none.
calls 'a password is asked for where machines of your own want one' \
	'ansible-playbook -i ../inventory/metal --ask-become-pass doctor.yml' \
	doctor sudo= INVENTORY=metal PASSWORD=1
calls 'and not elsewhere' 'ansible-playbook -i ../inventory/metal doctor.yml' \
	doctor sudo= INVENTORY=metal

name='make run hands its settings on'
if ! unshare --net true 2>/dev/null; then
	skip "$name" 'network namespaces are not permitted'
else
	"$BUILD/t2t-feedgen" --quiet --bytes 20000 --seed 3 --triggers 0.02 \
		--output "$folder/feed.csv.gz" >/dev/null
	verb run FEED="$folder/feed.csv.gz" ARMS='spin' BLOCKS=1 VERDICT=none PACE=rate:2000 \
		SEED=7 RESULT="$folder/result"
	code=$?
	if [ $code -eq 0 ] && grep -q 'rate:2000, 1 blocks, seed 7' "$folder/out" &&
		grep -q '"state": "complete"' "$folder/result/manifest.json"; then
		pass "$name"
	else
		fail "$name" < <(echo "exit $code"; said)
	fi
fi
finish
