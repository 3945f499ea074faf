#!/bin/bash
# SPDX-License-Identifier: MIT
# Playbooks and roles: what ansible-lint asks of what is used in earnest, the
# collections that they use, and each role with its variables described.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
# A lint that hangs has failed (s).
limit=600
# What it caches is not for the folder of whoever runs this.
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT

name="ansible passes ansible-lint's production profile"
key=$({
	ansible-lint --version 2>/dev/null
	list_files | sed -n '/^\(ansible\|inventory\)\//s,^,../,p' | xargs -d '\n' cat
} | key_of)
if ! command -v ansible-lint >/dev/null; then
	skip "$name" 'ansible-lint is not installed'
elif is_silent "$key"; then
	pass "$name"
elif (cd ../ansible && XDG_CACHE_HOME=$cache timeout $limit \
	ansible-lint --offline --nocolor --parseable --profile production) \
	>"$cache/log" 2>&1; then
	note_silent "$key"
	pass "$name"
else
	fail "$name" <"$cache/log"
fi

# Experiments have sysctls, whose names look alike.
mapfile -t files < <(list_files |
	sed -nE '/^ansible\/experiments\//d
		s,^(ansible|inventory|domains|c/tests/lab)/.*\.(yml|j2|py)$,../&,p')
expect_none 'the collections that are used are those of requirements.yml' \
	< <(python3 tests/lint/galaxy.py used ../ansible/requirements.yml \
		"${files[@]}" 2>&1)

if ! command -v ansible-playbook >/dev/null; then
	skip 'playbooks can be read' 'Ansible is not installed'
	finish
fi
mapfile -t playbooks < <(cd ../ansible && printf '%s\n' *.yml |
	grep -vx requirements.yml)
for inventory in local lab metal fleet; do
	name="${#playbooks[@]} playbooks can be read with the inventory $inventory"
	if output=$(cd ../ansible && timeout $limit ansible-playbook -i \
		"../inventory/$inventory" --syntax-check "${playbooks[@]}" 2>&1); then
		pass "$name"
	else
		fail "$name" <<<"$output"
	fi
done

expect_none 'the collections here are of the versions of requirements.yml' \
	< <(ansible-galaxy collection list --format json 2>/dev/null |
		python3 tests/lint/galaxy.py versions ../ansible/requirements.yml 2>&1)

# A clone whose folder others may write to has no ansible.cfg: Ansible ignores
# it.
gathers='
import sys, yaml

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        plays = yaml.safe_load(file)
    for play in plays:
        if "hosts" in play and play.get("gather_facts") is not False:
            print(path, play.get("name"))
'
expect_none 'no play gathers facts, without ansible.cfg either' \
	< <(cd ../ansible && python3 -c "$gathers" "${playbooks[@]}" 2>&1)

# A variable is prefixed by its role, has a default or is required, and its
# meaning stands in the role's argument_specs.
# shellcheck disable=SC2016 # this is Python's
describe='
import glob, os, sys, yaml

def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.safe_load(file) or {}
    except FileNotFoundError:
        print(f"{path}: not there")
        return {}

roles = sorted(glob.glob("../ansible/roles/*"))
if not roles:
    print("no role was found")
for role in roles:
    name = os.path.basename(role)
    load(f"{role}/meta/main.yml")
    main = load(f"{role}/meta/argument_specs.yml").get(
        "argument_specs", {}).get("main", {})
    options = main.get("options", {})
    if not main.get("short_description"):
        print(f"{name}: argument_specs: no short_description of main")
    for option, what in options.items():
        if not what.get("description"):
            print(f"{name}: {option}: not described")
    path = f"{role}/defaults/main.yml"
    for variable in load(path) if os.path.exists(path) else ():
        if not variable.startswith(name + "_"):
            print(f"{name}: {variable}: not prefixed by the role")
        if variable not in options:
            print(f"{name}: {variable}: not in argument_specs")
'
expect_none 'each role says what its variables mean' \
	< <(python3 -c "$describe" 2>&1)
finish
