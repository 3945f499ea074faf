# SPDX-License-Identifier: MIT
"""Who changes a lab, or turns a machine's knobs, is alone.

A lock is a name among Linux's abstract sockets: the kernel gives it to one,
takes it back when that one ends, however it ends, tells others who has it, and
nothing of it is ever left in a folder. A network namespace has names of its
own, as it has bridges and taps of its own.
"""

import errno
import hashlib
import os
import socket
import struct
import time

MACHINE = "this machine's knobs"


class Held(Exception):
    """By somebody else; pid is 0 where that is not told."""

    def __init__(self, what, pid):
        super().__init__(f"{what}: {who(pid)}")
        self.pid = pid


def address(what):
    digest = hashlib.sha256(what.encode()).hexdigest()[:32]
    return f"\0t2t-lab/{digest}"


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def stat_of(pid):
    return read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def since(pid):
    fields = stat_of(pid)
    if not fields:
        return ""
    up_s = float(read("/proc/uptime").split()[0])
    began = time.time() - up_s + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.strftime(", since %Y-%m-%d %H:%M", time.localtime(began))


def who(pid):
    """In words."""
    books = [os.path.basename(word)[:-4]
             for word in read(f"/proc/{pid}/cmdline").split("\0")
             if word.endswith(".yml")]
    verb = f"make {books[-1]} " if books else ""
    return f"{verb}(pid {pid or 'not told'}{since(pid)})"


def holder(name):
    """Its pid; None where nobody holds it any longer."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(5)
        try:
            asked.connect(name)
        except ConnectionRefusedError:
            return None
        except OSError:
            return 0
        told = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED,
                                struct.calcsize("3i"))
    return struct.unpack("3i", told)[0]


def above_us(pid):
    """Is it one that we run for?"""
    step = os.getppid()
    while step > 1:
        if step == pid:
            return True
        fields = stat_of(step)
        step = int(fields[1]) if fields else 0
    return False


def take(what):
    """A socket to keep; None where it is held by one that we run for."""
    name = address(what)
    taken = socket.socket(socket.AF_UNIX)
    while True:
        try:
            taken.bind(name)
            taken.listen(64)
            # A task outlives its playbook that was killed; the lock does not.
            os.register_at_fork(after_in_child=taken.close)
            return taken
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        pid = holder(name)
        if pid is None:
            continue
        taken.close()
        if pid and above_us(pid):
            return None
        raise Held(what, pid)
