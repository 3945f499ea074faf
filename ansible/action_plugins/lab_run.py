# SPDX-License-Identifier: MIT
"""t2t-run on this machine, with what it says while it runs.

- name: Run the trials
  lab_run:
    argv: [c/build/t2t-run, --campaign, plan.json, --output, results/one]
    passwords: {trader: "open sesame"}
    asked_for: [exchange, trader]

argv: the command. become: it is root's. passwords: of machines whose sudo wants
one, by name; those in asked_for that are not there have what --ask-become-pass
asked for, as has our own sudo. They go by stdin. Returns code, stdout and stderr;
fails where code is not 0, unless what was printed says that a figure is INCORRECT
or VOID: that is shown, and its report is to be made.
"""

import json
import os
import re
import subprocess
import threading
import time

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

TOLD = re.compile("INCORRECT|VOID")


def watch(process, playbook):
    """Its trials hold the lab's lock by the playbook, and end with it."""
    while process.poll() is None:
        if os.getppid() != playbook:
            try:
                process.terminate()
            except PermissionError:
                pass  # a sudo, which its terminal ends
            return
        time.sleep(1)


class ActionModule(ActionBase):
    """Ansible finds it by this name."""

    TRANSFERS_FILES = False
    _supports_check_mode = False
    _VALID_ARGS = frozenset(("argv", "become", "passwords", "asked_for"))

    def command(self, arguments):
        """Words, and what they read."""
        asked = getattr(self._play_context, "become_pass", None) or ""
        argv = list(arguments["argv"])
        if arguments.get("become"):
            if os.geteuid() == 0:
                return argv, ""
            own = (arguments.get("passwords") or {}).values()
            asked = asked or next(iter(own), "")
            if not asked:
                return ["sudo", "-n", *argv], ""
            # -k: it is always read, and none of it is left for who follows.
            return ["sudo", "-k", "-S", "-p", "", *argv], asked + "\n"
        passwords = dict.fromkeys(arguments.get("asked_for") or [], asked)
        passwords.update(arguments.get("passwords") or {})
        if not any(passwords.values()):
            return argv, ""
        return [*argv, "--passwords"], json.dumps(passwords)

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        argv, read = self.command(self._task.args)
        said = []

        def tell(stream):
            for line in stream:
                said.append(line)
                Display().display(line.rstrip("\n"))

        with subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
                errors="replace") as process:
            teller = threading.Thread(target=tell, args=(process.stderr,))
            teller.start()
            threading.Thread(target=watch, args=(process, os.getppid()),
                             daemon=True).start()
            try:
                process.stdin.write(read)
                process.stdin.close()
            except BrokenPipeError:
                pass
            out = process.stdout.read()
            teller.join()
        result.update(code=process.returncode, stdout=out, stderr="".join(said),
                      changed=True)
        if process.returncode and not TOLD.search(out):
            result.update(failed=True, msg="".join(said[-10:]).strip()
                          or f"exit code {process.returncode}")
        return result
