# SPDX-License-Identifier: MIT
"""One line a step (a role), with its time; what changed, with --diff how;
failures whole."""

DOCUMENTATION = r"""
name: steps
type: stdout
short_description: Steps with their times
description: Prints each role with the time it took and the tasks that changed
  something, with --diff what; messages of debug as they are; failures whole.
options:
  quiet:
    description: Print messages of debug and failures alone.
    type: bool
    default: false
    env: [{name: LAB_QUIET}]
  kill_at:
    description: >-
      For tests. The task before which the playbook ends as by
      kill -9, with its role as in "host : Start the daemon"; or a number, after
      so many changes.
    type: str
    default: ""
    env: [{name: LAB_KILL_AT}]
"""

import os
import signal
import sys
import time

from ansible.plugins.callback import CallbackBase

# What a failure is made of, most telling first.
FAILURE_FIELDS = ("msg", "stderr", "stdout", "module_stderr", "module_stdout")


def uuids(tasks):
    """Of tasks, and of those in the blocks among them."""
    found = set()
    for task in tasks:
        found.add(task._uuid)  # pylint: disable=protected-access
        found |= uuids(getattr(task, "block", []))
    return found


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "steps"

    def __init__(self):
        super().__init__()
        self.began = self.step_began = time.monotonic()
        self.step = None
        self.changes = []
        self.totals = {"tasks": 0, "changed": 0}
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.quiet = False
        self.kill_at = ""
        self.failed = False

    def set_options(self, task_keys=None, var_options=None, direct=None):
        super().set_options(task_keys=task_keys, var_options=var_options,
                            direct=direct)
        self.quiet = self.get_option("quiet")
        self.kill_at = self.get_option("kill_at")

    def line(self, text=""):
        if self.live:
            sys.stdout.write("\r\033[K")
        self._display.display(text)

    def progress(self, text):
        if self.live and not self.quiet:
            sys.stdout.write(f"\r\033[K           {text[:68]}")
            sys.stdout.flush()

    def die_at(self, place, where):
        """Not with an exception, which would be taken care of."""
        if str(place) != self.kill_at:
            return
        self.line(f"killed {where}")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def end_step(self):
        if self.step and not self.quiet:
            took = time.monotonic() - self.step_began
            word = ("FAILED" if self.failed else
                    f"{len(self.changes)} changed" if self.changes else "ok")
            self.line(f"{took:7.1f} s  {self.step:<12} {word}")
            for change in self.changes:
                self.line(f"{'':22} {change}")
        self.step, self.changes, self.failed = None, [], False

    def v2_playbook_on_task_start(self, task, is_conditional):
        # pylint: disable=protected-access
        step = task._role.get_name() if task._role else (
            task.play.get_name() if hasattr(task, "play") else "")
        step = step or "tasks"
        if step != self.step:
            self.end_step()
            self.step, self.step_began = step, time.monotonic()
        self.progress(f"{step}: {task.get_name().rpartition(' : ')[2]}")
        self.die_at(task.get_name(), f"before: {task.get_name()}")

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def where(self, result):
        """'trader: ' where a task has hosts to tell apart."""
        # pylint: disable=protected-access
        name = result._task_fields.get("delegate_to") or ""
        if not name or "{{" in name:
            name = result._host.get_name()
        return "" if name in ("localhost", "hypervisor") else f"{name}: "

    def v2_runner_on_ok(self, result):
        # pylint: disable=protected-access
        self.totals["tasks"] += 1
        if result.is_changed():
            self.totals["changed"] += 1
            self.changes.append(self.where(result) + result._task.get_name()
                                .rpartition(" : ")[2])
            self.die_at(self.totals["changed"],
                        f"after: {result._task.get_name()}")
        if result._task.action in ("debug", "ansible.builtin.debug"):
            self.line(str(result._result.get("msg", "")))

    def v2_on_file_diff(self, result):
        # pylint: disable=protected-access
        data = {} if self.quiet else result._result
        name = result._task.get_name().rpartition(" : ")[2]
        for part in data.get("results", [data]):
            # Some modules tell one also where they changed nothing.
            if part.get("changed") and part.get("diff"):
                self.line(f"{self.where(result)}{name}")
                self.line(self._get_diff(part["diff"]).rstrip("\n"))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        # pylint: disable=protected-access
        if ignore_errors or result._task.ignore_errors:
            return
        if self.rescued(result._task):
            return
        self.failed = True
        self.failure(result)

    @staticmethod
    def rescued(task):
        """Does a rescue take care of it, and say more?"""
        # pylint: disable=protected-access
        block = task._parent
        while block is not None:
            rescue = getattr(block, "rescue", None) or []
            if rescue and task._uuid not in uuids(rescue):
                return True
            block = getattr(block, "_parent", None)
        return False

    def failure(self, result):
        # pylint: disable=protected-access
        data = result._result
        name = result._task.get_name().rpartition(" : ")[2]
        fail = result._task.action in ("fail", "ansible.builtin.fail",
                                       "ansible.builtin.assert")
        if not fail:
            self.line(f"{self.where(result)}failed: {name}")
        for part in data.get("results", [data]):
            if part is not data and not part.get("failed"):
                continue
            for field in FAILURE_FIELDS:
                text = str(part.get(field) or "").strip()
                if text and text != "non-zero return code":
                    self.line(text if fail else
                              "\n".join(f"    {row}"
                                        for row in text.split("\n")[-40:]))
                if text and fail:
                    break

    def v2_runner_on_unreachable(self, result):
        # pylint: disable=protected-access
        self.failed = True
        self.line(f"{result._host.get_name()}: not reached: "
                  f"{result._result.get('msg', '')}")

    def v2_playbook_on_no_hosts_matched(self):
        pass

    def v2_playbook_on_stats(self, stats):
        self.end_step()
        if not self.quiet:
            failed = sum(stats.failures.values()) + sum(stats.dark.values())
            self.line(f"{time.monotonic() - self.began:7.1f} s  in all: "
                      f"{self.totals['tasks']} tasks, "
                      f"changed={self.totals['changed']} failed={failed}")
