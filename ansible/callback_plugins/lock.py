# SPDX-License-Identifier: MIT
"""One playbook at a time changes a lab; it is asked before anything is done.

Not a role's matter: it must be held for as long as the playbook runs, whatever
hosts and forks come and go, and end with it.
"""

DOCUMENTATION = r"""
name: lock
type: aggregate
short_description: One playbook at a time changes a lab
description: Takes the lab's lock for up, teardown, experiment and restore, and
  the machine's for those that turn its knobs; ends where somebody has it.
options:
  wait:
    description: Wait for whoever has it instead of ending.
    type: bool
    default: false
    env: [{name: LAB_WAIT}]
"""

import importlib.util
import os
import sys
import time

from ansible.plugins.callback import CallbackBase

POLL_S = 0.5
VERBS = ("up", "teardown", "experiment", "restore")
TURNING = ("experiment", "restore")
ENDED = 4


def utility(name):
    """Of module_utils, which callbacks have no path to."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "../module_utils", name + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lab_lock = utility("lab_lock")


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "lock"

    def __init__(self):
        super().__init__()
        self.kept = []

    def v2_playbook_on_start(self, playbook):
        # pylint: disable=protected-access
        path = os.path.abspath(playbook._file_name)
        verb = os.path.splitext(os.path.basename(path))[0]
        if verb not in VERBS:
            return
        # As group_vars/all.yml has it.
        folder = os.path.realpath(
            os.environ.get("LAB_FOLDER")
            or os.path.join(os.path.dirname(path), "build/lab"))
        # Knobs that a killed campaign left are put back by teardown.
        turns = verb in TURNING or (
            verb == "teardown" and
            os.path.exists(os.path.join(folder, "knobs.json")))
        self.take(f"the lab in {folder}", verb)
        if turns:
            self.take(lab_lock.MACHINE, verb)

    def take(self, what, verb):
        said = False
        while True:
            try:
                self.kept.append(lab_lock.take(what))
                return
            except lab_lock.Held as held:
                if not self.get_option("wait"):
                    self._display.error(
                        f"make {verb}: in use: {held}; nothing was changed. "
                        "WAIT=1 waits for its end", wrap_text=False)
                    sys.exit(ENDED)
                if not said:
                    self._display.display(
                        f"make {verb}: waiting for {lab_lock.who(held.pid)}")
                    # Ansible leaves that to its own end.
                    sys.stdout.flush()
                    said = True
                time.sleep(POLL_S)
