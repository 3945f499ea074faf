#!/bin/bash
# SPDX-License-Identifier: MIT
# One playbook at a time changes a lab, and one turns a machine's knobs; who
# is second is told who is first. In a network namespace of its own, where no
# lab of the user's is met.
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash

if ! command -v ansible-playbook >/dev/null; then
	skip 'the lock' 'no ansible-playbook'
	finish
fi
if [ "$(id -u)" != 0 ]; then
	skip 'the lock' 'wants root, for namespaces of its own'
	finish
fi
if [ -z "${T2T_PRIVATE:-}" ]; then
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	T2T_PRIVATE=$folder setpriv --pdeathsig KILL unshare --net --pid --fork \
		--mount-proc --kill-child bash "$0"
	exit
fi

# -- From here on nothing is seen outside.

work=$T2T_PRIVATE
ansible=$work/ansible
mkdir "$ansible"
cp -r ../ansible/ansible.cfg ../ansible/callback_plugins ../ansible/module_utils \
	"$ansible"
mkdir "$ansible"/{roles,library,filter_plugins}
export HOME=$work/home PYTHONDONTWRITEBYTECODE=1 ANSIBLE_LOCALHOST_WARNING=false

# Named as the lab's verbs, they wait until they are let go.
for verb in up teardown experiment restore status doctor; do
	cat >"$ansible/$verb.yml" <<-END
		- hosts: localhost
		  connection: local
		  gather_facts: false
		  tasks:
		    - ansible.builtin.file: {path: "$work/{{ name }}.began", state: touch}
		    - ansible.builtin.command: {argv: [bash, -c, "touch $work/{{ name }}.holds; until [ -e $work/go ]; do sleep 0.1; done"]}
		      when: hold | default(false) | bool
		    - ansible.builtin.command: {argv: [ansible-playbook, -i, "localhost,", "{{ nested }}.yml", -e, name=nested], chdir: "$ansible"}
		      when: nested is defined
	END
done

play() { # folder of the lab, verb, name, arguments...
	(cd "$ansible" && LAB_FOLDER=$1 exec ansible-playbook -i localhost, \
		"$2.yml" -e "name=$3" "${@:4}") >"$work/$3.log" 2>&1 </dev/null
}

begin() { # as play, until a task of it runs; $holder is its pid
	rm -f "$work/go" "$work/$3".*
	(cd "$ansible" && LAB_FOLDER=$1 exec ansible-playbook -i localhost, \
		"$2.yml" -e "name=$3" -e hold=true) >"$work/$3.log" 2>&1 </dev/null &
	holder=$!
	until [ -e "$work/$3.holds" ] || ! kill -0 $holder 2>/dev/null; do
		sleep 0.1
	done
}

goes() { # name of the test, arguments of play
	local name=$1
	shift
	if play "$@"; then pass "$name"; else fail "$name" <"$work/$3.log"; fi
}

refused() { # name of the test, text, arguments of play
	local name=$1 text=$2
	shift 2
	rm -f "$work/$3.began"
	if ! play "$@" && [ ! -e "$work/$3.began" ] &&
		grep -qE -e "$text" "$work/$3.log"; then
		pass "$name"
	else
		fail "$name" <"$work/$3.log"
	fi
}

begin "$work/a" experiment first
for verb in up teardown experiment restore; do
	refused "$verb while an experiment runs" \
		"make experiment \(pid $holder, since [0-9]{4}-.*[0-9]:[0-9]{2}\)" \
		"$work/a" $verb second
done
refused 'the same folder by another name' "pid $holder" \
	"$work/b/../a/" up second
refused 'another lab turns no knobs of this machine meanwhile' \
	"this machine.*pid $holder" "$work/b" experiment second
goes 'another lab comes up meanwhile' "$work/b" up second
goes 'status looks meanwhile' "$work/a" status second
goes 'doctor looks meanwhile' "$work/a" doctor second

(LAB_WAIT=1 play "$work/a" up waiting) &
waiting=$!
until grep -q "waiting for make experiment (pid $holder" "$work/waiting.log" \
	2>/dev/null || ! kill -0 $waiting 2>/dev/null; do
	sleep 0.1
done
name='who waits has not begun'
if [ ! -e "$work/waiting.began" ] && kill -0 $waiting 2>/dev/null; then
	pass "$name"
else
	fail "$name" <"$work/waiting.log"
fi
touch "$work/go"
name='and goes on once the other has ended'
if wait $holder && wait $waiting && [ -e "$work/waiting.began" ]; then
	pass "$name"
else
	fail "$name" <"$work/waiting.log"
fi

begin "$work/a" up killed
kill -KILL $holder
wait $holder 2>/dev/null
goes 'kill -9 ends it, whatever its tasks still do' "$work/a" teardown second
touch "$work/go"

goes 'a verb that calls another one is not in its own way' \
	"$work/a" experiment outer -e nested=up
expect_none 'nothing is left of it' < <(find "$work" -name '*lock*' \
	! -path "$ansible/*" ! -path "$HOME/*")
finish
