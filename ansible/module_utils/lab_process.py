# SPDX-License-Identifier: MIT
"""A process, known by more than its pid, which others get after it."""

import os
import signal
import time

try:
    from ansible.module_utils.lab_record import boot_id
except ImportError:  # in tests: beside this file
    from lab_record import boot_id

POLL_S = 0.05


def started_at(pid):
    """The clock tick of its start; "" if there is none that lives."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8",
                  errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19] if fields and fields[0] not in "ZX" else ""


def identity(pid):
    return {"pid": int(pid), "started": started_at(pid), "boot": boot_id()}


def lives(process):
    """Is it still that one?"""
    return bool(process["started"]) and process["boot"] == boot_id() and \
        started_at(process["pid"]) == process["started"]


def send(process, number):
    """True if it was there to get the signal; nobody else ever gets it."""
    try:
        handle = os.pidfd_open(process["pid"])
    except ProcessLookupError:
        return False
    try:
        if not lives(process):
            return False
        signal.pidfd_send_signal(handle, number)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)


def end(process, patience_s=10):
    """By SIGTERM, and by SIGKILL where that is not heeded. True if it lived.
    """
    if not send(process, signal.SIGTERM):
        return False
    late = time.monotonic() + patience_s
    while lives(process):
        if time.monotonic() > late:
            send(process, signal.SIGKILL)
        time.sleep(POLL_S)
    return True
