# SPDX-License-Identifier: MIT
"""What libvirt writes of a guest that panicked, and where it ends up.

libvirt's folder for it is one setting for all of the machine's domains
(auto_dump_path in qemu.conf), which is not the lab's to change. So the lab
takes its own domains' files from there into its folder.
"""

import glob
import os
import re
import shutil

CONFIG = "/etc/libvirt/qemu.conf"
FOLDER = "/var/lib/libvirt/qemu/dump"
# libvirt's "short name", without the number before it.
NAME_LENGTH = 20
STAMP = r"(\d{4}-\d\d-\d\d)-(\d\d):(\d\d):(\d\d)"


def folder_of(config):
    """Where libvirt writes dumps by itself: of the text of qemu.conf."""
    found = re.findall(r'^\s*auto_dump_path\s*=\s*"([^"]+)"', config, re.M)
    return found[-1] if found else FOLDER


def read_folder():
    try:
        with open(CONFIG, encoding="utf-8", errors="replace") as file:
            return folder_of(file.read())
    except OSError:
        return FOLDER


def of_domain(folder, name):
    """path -> what it is called in the lab: oldest first."""
    pattern = re.compile(rf"\d+-{re.escape(name[:NAME_LENGTH])}-{STAMP}")
    found = {}
    for path in glob.glob(os.path.join(glob.escape(folder), "*")):
        match = pattern.fullmatch(os.path.basename(path))
        if match:
            day, *time = match.groups()
            found[path] = f"{name}-{day}-{''.join(time)}.core"
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def take(path, target):
    """Whole or not at all, and its reader is whoever owns the folder."""
    owner = os.stat(os.path.dirname(target))
    part = target + ".part"
    shutil.move(path, part)
    os.chmod(part, 0o600)
    os.chown(part, owner.st_uid, owner.st_gid)
    os.rename(part, target)


def said(console, this_boot=False):
    """The last panic that the console's text tells of, whatever booted since
    or not; "" for none."""
    if this_boot:
        console = console.rpartition("] Linux version ")[2]
    found = re.findall(r"Kernel panic - not syncing: *([^\r\n]*)", console)
    return found[-1].strip() if found else ""
