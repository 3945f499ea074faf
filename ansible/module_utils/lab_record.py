# SPDX-License-Identifier: MIT
"""The record of what the lab made, which is all that teardown goes by.

A thing is written down before it is made: a run that is killed in between
leaves an entry for nothing, which teardown passes over, and never a thing that
nobody knows of. The file is replaced as a whole, so it is never half written.
"""

import contextlib
import fcntl
import json
import os

SCHEMA = "t2t-lab-record/1"
# Of these fields together there is one entry.
IDENTITY = ("kind", "name")


def boot_id():
    """What does not outlive a reboot is told by it."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def make_folder(path):
    """For a record, where root writes what its caller's lab may need later: of
    whoever owns the folder that it is made in."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    make_folder(above)
    os.mkdir(path, 0o755)
    if os.geteuid() == 0:
        owner = os.stat(above)
        os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def alone(path):
    """Whoever does what a record tells waits for who is at it: an agent that
    lost its runner puts back while a playbook does. The file is none's any more
    once it is done, and goes."""
    lock = path + ".lock"
    while True:
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
        # Or it is one that the last one took away.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(lock), os.fstat(held)):
                break
        os.close(held)
    try:
        yield
    finally:
        os.unlink(lock)
        os.close(held)


class Record:
    """with Record(path) as record: ... ; guests are made side by side, so it
    is locked from reading to writing. dry: nothing is written, and there need
    not be a folder for it."""

    def __init__(self, path, dry=False):
        self.path, self.dry = path, dry
        self.made = []
        self.lock = None

    def __enter__(self):
        folder = os.path.dirname(self.path)
        if self.dry and not os.path.isdir(folder):
            return self
        self.lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        try:
            with open(self.path, encoding="utf-8") as file:
                self.made = json.load(file)["made"]
        except FileNotFoundError:
            pass
        return self

    def __exit__(self, *_):
        if self.lock is not None:
            os.close(self.lock)

    def find(self, kind, name):
        for made in self.made:
            if (made["kind"], made["name"]) == (kind, name):
                return made
        return None

    def add(self, entry):
        """True if that changes the record."""
        there = self.find(entry["kind"], entry["name"])
        if there == entry:
            return False
        if there:
            self.made[self.made.index(there)] = entry
        else:
            self.made.append(entry)
        self.write()
        return True

    def remove(self, kind, name):
        there = self.find(kind, name)
        if not there:
            return False
        self.made.remove(there)
        self.write()
        return True

    def write(self):
        if self.dry:
            return
        # Not where a module is: who only reads need not wait for it.
        import tempfile  # pylint: disable=import-outside-toplevel
        handle, path = tempfile.mkstemp(dir=os.path.dirname(self.path),
                                        prefix=".record")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"schema": SCHEMA, "made": self.made}, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(path, 0o644)
        os.rename(path, self.path)
