# SPDX-License-Identifier: MIT
"""ansible/requirements.yml: the collections that the playbooks use, no others.

	galaxy.py used REQUIREMENTS FILE...	what the files use that is not
		listed, and the other way round
	galaxy.py versions REQUIREMENTS <LIST	what is here in another version;
		LIST: ansible-galaxy collection list --format json

Prints a line a fault.
"""

import json
import operator
import re
import sys

import yaml

OURS = "ansible.builtin"
COLLECTION = r"([a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*)\.[a-z_]\w*"
# A module of a task; a filter, a test, a lookup; and a plugin's import.
USES = re.compile("|".join((
    rf"^[ -]*{COLLECTION}:(?=\s)", rf"\|\s*{COLLECTION}\b",
    rf"\bis (?:not )?{COLLECTION}\b",
    rf"(?:lookup|query)\(\s*['\"]{COLLECTION}['\"]",
    rf"\bansible_collections\.{COLLECTION}")), re.M)
COMPARE = {">=": operator.ge, "<": operator.lt, "==": operator.eq,
           ">": operator.gt, "<=": operator.le, "!=": operator.ne}


def listed(requirements):
    """collection -> versions"""
    with open(requirements, encoding="utf-8") as file:
        return {one["name"]: one.get("version", "")
                for one in yaml.safe_load(file)["collections"]}


def uses(text):
    return {name for found in USES.findall(text) for name in found if name}


def faults_used(requirements, paths):
    wanted, found = listed(requirements), set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            here = uses(file.read()) - {OURS}
        for name in sorted(here - set(wanted)):
            yield f"{path}: {name}: not in requirements.yml"
        found |= here
    for name in sorted(set(wanted) - found):
        yield f"requirements.yml: {name}: nothing uses it"
    for name, versions in wanted.items():
        if not re.fullmatch(r">=[\d.]+,<[\d.]+", versions):
            yield (f"requirements.yml: {name}: '{versions}': expected "
                   "from one version to before another")


def number(version):
    return tuple(int(part) for part in version.split("-")[0].split("."))


def holds(version, versions):
    for one in versions.split(","):
        sign, bound = re.fullmatch(r"([<>=!]+)([\d.]+)", one).groups()
        if not COMPARE[sign](number(version), number(bound)):
            return False
    return True


def faults_versions(requirements, installed):
    # The first folder that has it is the one that is taken.
    here = {}
    for found in installed.values():
        for name, what in found.items():
            here.setdefault(name, what["version"])
    for name, versions in listed(requirements).items():
        if name not in here:
            yield f"{name}: not installed"
        elif not holds(here[name], versions):
            yield f"{name}: {here[name]} is installed, expected {versions}"


if __name__ == "__main__":
    if sys.argv[1] == "used":
        lines = faults_used(sys.argv[2], sys.argv[3:])
    else:
        lines = faults_versions(sys.argv[2], json.load(sys.stdin))
    for line in lines:
        print(line)
