# SPDX-License-Identifier: MIT
"""The lab's folder: what in it is the lab's, by name.

Whoever runs the lab says where it is, and may be mistaken. So one that holds
anything is taken only where its record says that it is a lab's; and what goes
are the names that a lab gives, one by one, never a folder with all it holds.
"""

import json
import os
import re

try:
    from ansible.module_utils.lab_record import SCHEMA, Record
except ImportError:  # in tests: beside this file
    from lab_record import SCHEMA, Record

RECORD = "record.json"
# What experiments turned on this machine, also those without a lab.
KNOBS = "knobs.json"
# Left by a writer of the record that was killed.
PART = r"\.record\w{8}"
ID = r"-\w{1,16}"
BUILD = r"[0-9a-f]{40}"
# By folder below it ("" is itself): whole names of files.
FILES = {
    "": rf"{PART}|key|key\.pub|ssh_config|(readback|knobs|kvm)\.json",
    r"seed": rf".+{ID}\.(img|part)",
    r"seed/[^/]+": r"user-data|meta-data|network-config",
    r"disk": rf".+{ID}\.qcow2(\.part|\.TRANSIENT(-.+)?)?",
    r"state": rf".+{ID}\.sav(\.part)?",
    r"console": r".+\.log(\.\d+)?",
    r"dump": r".+\.core(\.part)?",
    r"overlay": r"hosts\.yml",
    r"overlay/host_vars": r".+\.yml",
    r"experiment": r".+\.(out|log|csv|csv\.gz|json|jsonl|pcapng|py)"
                   r"|loop-back",
    r"experiment/__pycache__": r".+\.pyc",
    # Of kernels, by build ID (domains/debug/symbols.py); a killed one's part.
    r"symbols": r"\.lock",
    rf"symbols/{BUILD}": r"vmlinux",
    rf"symbols/{BUILD}/modules": r"\w+\.ko",
    rf"symbols/{BUILD}/index": rf"{BUILD}\.gdb-index",
    rf"symbols/{BUILD}/source(/[^/]+)*": r".+\.[chS]",
    r"symbols/part-\w{8}(/[^/]+)*": r".+",
}
# What ssh, a shell, libvirt or Ansible takes for something else.
BARRED = re.compile(r"[\"'$%\\\x00-\x1f\x7f]")


class NotOurs(Exception):
    """The folder is somebody's."""


def read_record(path, name):
    """What the file says that was made or turned; None where it is not ours."""
    try:
        with open(os.path.join(path, name), encoding="utf-8") as file:
            record = json.load(file)
        return record if record["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_by(path):
    """The record's entry of the folder; None where it has no such record."""
    try:
        return next((made for made in read_record(path, RECORD)["made"]
                     if made["kind"] == "folder"), {})
    except (KeyError, TypeError, AttributeError):
        return None


def fault(path):
    """Why it can't be the lab's folder; "" if it can."""
    if not path.startswith("/"):
        return f"'{path}' is not absolute"
    sign = BARRED.search(path)
    if sign:
        return f"{sign[0]!r} may not be in its name"
    step = path
    while not os.path.lexists(step):
        step = os.path.dirname(step)
    if not os.path.isdir(step):
        return f"{step} is no folder"
    if step != path:
        return ""
    made = made_by(path)
    if made and made["name"] != path:
        return f"its record is that of {made['name']}"
    try:
        there = os.listdir(path)
    except OSError as error:
        return error.strerror
    ours = all(re.fullmatch(PART, name) or
               name == KNOBS and read_record(path, name) for name in there)
    if made is None and not ours:
        return ("neither empty nor a lab's: there is "
                + ", ".join(sorted(there)[:3]))
    return ""


def insist(path):
    reason = fault(path)
    if reason:
        raise NotOurs(f"the lab's folder, {path}: {reason}; set LAB_FOLDER to "
                      "another one")


def make(path, dry=False):
    """True if that changes anything. dry, here and below: it would."""
    insist(path)
    new = not os.path.isdir(path)
    if not dry:
        # libvirt's user has to get in, whatever the umask of who calls.
        before = os.umask(0o022)
        try:
            os.makedirs(path, exist_ok=True)
        finally:
            os.umask(before)
    with Record(os.path.join(path, RECORD), dry) as record:
        if record.find("folder", path):
            return False
        return record.add({"kind": "folder", "name": path, "new": new})


def below(path, folder=""):
    """The lab's files and folders, whole names, what is inner first."""
    for entry in sorted(os.scandir(os.path.join(path, folder)),
                        key=lambda one: one.name):
        name = os.path.join(folder, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if any(pattern and re.fullmatch(pattern, name)
                   for pattern in FILES):
                yield from below(path, name)
                yield name
        elif entry.is_file(follow_symlinks=False):
            if any(re.fullmatch(pattern, folder) and
                   re.fullmatch(names, entry.name)
                   for pattern, names in FILES.items()):
                yield name


def going(path):
    """Of these the ones that can go: not a folder that holds another's."""
    gone = set()
    for name in below(path):
        whole = os.path.join(path, name)
        if not os.path.isdir(whole) or all(
                os.path.join(name, one) in gone for one in os.listdir(whole)):
            gone.add(name)
            yield name


def remove(path, dry=False):
    """All of the lab's, the record last; what is left of others', by name."""
    insist(path)
    new = (made_by(path) or {}).get("new", False)
    if dry:
        return sorted(set(os.listdir(path)) - {*going(path), RECORD})
    for name in below(path):
        whole = os.path.join(path, name)
        if not os.path.isdir(whole):
            os.unlink(whole)
        elif not os.listdir(whole):
            os.rmdir(whole)
    os.unlink(os.path.join(path, RECORD))
    left = sorted(os.listdir(path))
    if new and not left:
        os.rmdir(path)
    return left


def tidy(path, domain, keep, dry=False):
    """Seeds, layers and states of this guest that nothing uses any longer."""
    old = re.compile(rf"(seed|disk|state)/{re.escape(domain)}-\w{{12,16}}"
                     r"(-\w{8})?\.(img|qcow2|sav|part|qcow2\.part|sav\.part)")
    gone = [name for name in below(path)
            if old.fullmatch(name) and name not in keep]
    for name in gone if not dry else ():
        os.unlink(os.path.join(path, name))
    return sorted(gone)
