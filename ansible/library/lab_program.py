#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A program of an experiment: started and left running, or run to its end,
with its words in files; and stopped."""

DOCUMENTATION = r"""
module: lab_program
short_description: Start or stop a program of an experiment
description: In the folder it keeps NAME.out and NAME.log, what the program
  said, which is returned too. One that was left over is stopped first.
options:
  name: {description: Of its files., type: str, required: true}
  folder: {description: Where its files go., type: path, required: true}
  state: {description: "started: until it says that it is ready; finished: run
          to its end; ended: one that was started, to its end; stopped; gone:
          stopped, whatever its exit code.",
          choices: [started, finished, ended, stopped, gone], required: true}
  argv: {description: The program., type: list, elements: str, default: []}
  ready: {description: Text in its output that says it is ready., type: str,
          default: ""}
  cpus: {description: "To run on, as in 0,2-3.", type: str, default: ""}
  signal: {description: That stops it., type: str, default: SIGTERM}
  beside: {description: "A command whose output is returned, run before the
           program starts or after its end: a task of its own would cost a
           guest another second.", type: list, elements: str, default: []}
  timeout: {description: For any of it, in seconds., type: int, default: 60}
  record: {description: The lab's record, where it runs on the hypervisor.,
           type: path, default: ""}
"""

import json
import os
import signal
import subprocess
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_machine import number_list
from ansible.module_utils.lab_process import identity, lives
from ansible.module_utils.lab_record import Record

POLL_S = 0.05
# The exit code outlives us in a file.
KEEPER = 'folder=$0; "$@" & echo $! >"$folder.pid"; wait $!; ' \
         'echo $? >"$folder.code"'


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Program:
    """One of them, known by its files."""

    def __init__(self, module):
        self.module = module
        self.parameters = module.params
        self.base = os.path.join(self.parameters["folder"],
                                 self.parameters["name"])
        self.end = time.monotonic() + self.parameters["timeout"]

    def fail(self, what):
        text = read(self.base + ".log") or read(self.base + ".out")
        tail = "\n".join(text.split("\n")[-10:]).strip()
        self.module.fail_json(
            msg=f"{self.parameters['name']}: {what}\n{tail}".strip())

    def late(self):
        return time.monotonic() > self.end

    def pid(self):
        """Of the one that runs, or 0."""
        try:
            process = json.loads(read(self.base + ".running"))
        except ValueError:
            return 0
        return process["pid"] if lives(process) else 0

    def enter(self, pid):
        """Into the file, and the record: a run may be cut off right here."""
        process = identity(pid)
        with open(self.base + ".running", "w", encoding="ascii") as file:
            json.dump(process, file)
        if self.parameters["record"]:
            with Record(self.parameters["record"]) as record:
                record.add({"kind": "process", "name": self.base, **process})

    def strike(self):
        if self.parameters["record"]:
            with Record(self.parameters["record"]) as record:
                record.remove("process", self.base)

    def start(self):
        os.makedirs(self.parameters["folder"], exist_ok=True)
        self.stop()
        for ending in (".out", ".log", ".pid", ".code"):
            if os.path.exists(self.base + ending):
                os.unlink(self.base + ending)
        cpus = self.parameters["cpus"]
        with open(self.base + ".out", "wb") as out, \
                open(self.base + ".log", "wb") as log:
            subprocess.Popen(  # pylint: disable=consider-using-with
                ["sh", "-c", KEEPER, self.base, *self.parameters["argv"]],
                stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                start_new_session=True, cwd=self.parameters["folder"],
                preexec_fn=(lambda: os.sched_setaffinity(0, number_list(cpus)))
                if cpus else None)
        while not read(self.base + ".pid").strip():
            if self.late():
                self.fail("did not start")
            time.sleep(POLL_S)
        self.enter(int(read(self.base + ".pid")))

    def code(self):
        """None while it runs."""
        text = read(self.base + ".code").strip()
        return int(text) if text else None

    def wait_ready(self):
        ready = self.parameters["ready"]
        while ready and ready not in (read(self.base + ".out")
                                      + read(self.base + ".log")):
            if self.code() is not None:
                self.fail(f"ended with {self.code()} before it was ready")
            if self.late():
                self.stop()
                self.fail(f"not ready after {self.parameters['timeout']} s")
            time.sleep(POLL_S)

    def wait_end(self):
        while self.code() is None:
            if self.late():
                self.stop()
                self.fail(f"not done after {self.parameters['timeout']} s")
            time.sleep(POLL_S)
        self.strike()

    def stop(self):
        """True if there was one to stop."""
        pid = self.pid()
        if not pid:
            self.strike()
            return False
        os.kill(pid, getattr(signal, self.parameters["signal"]))
        while self.pid():
            if self.late():
                os.kill(pid, signal.SIGKILL)
                self.strike()
                self.fail("did not stop, and was killed")
            time.sleep(POLL_S)
        # Its keeper still writes the exit code.
        while self.code() is None and not self.late():
            time.sleep(POLL_S)
        self.strike()
        return True


def run_beside(module):
    argv = module.params["beside"]
    if not argv:
        return ""
    code, out, error = module.run_command(argv)
    if code:
        module.fail_json(msg=f"{argv[0]}: exit code {code}: {error.strip()}")
    return out


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "folder": {"type": "path", "required": True},
            "state": {"choices": ["started", "finished", "ended", "stopped",
                                  "gone"], "required": True},
            "argv": {"type": "list", "elements": "str", "default": []},
            "ready": {"type": "str", "default": ""},
            "cpus": {"type": "str", "default": ""},
            "signal": {"type": "str", "default": "SIGTERM"},
            "beside": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 60},
            "record": {"type": "path", "default": ""},
        },
    )
    program = Program(module)
    state, beside = module.params["state"], ""
    if state in ("started", "finished"):
        beside = run_beside(module)
    if state in ("stopped", "gone"):
        changed = program.stop()
    elif state == "ended":
        program.wait_end()
        changed = True
    else:
        program.start()
        changed = True
        if state == "started":
            program.wait_ready()
        else:
            program.wait_end()
    code = program.code()
    if state not in ("started", "gone") and code:
        program.fail(f"exit code {code}")
    if state not in ("started", "finished"):
        beside = run_beside(module)
    module.exit_json(changed=changed, code=code, beside=beside,
                     out=read(program.base + ".out"),
                     log=read(program.base + ".log"))


if __name__ == "__main__":
    main()
