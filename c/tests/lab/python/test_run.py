# SPDX-License-Identifier: MIT
"""ansible/action_plugins/lab_run.py: what t2t-run is called as, what it reads,
and what of it is told while it runs."""

import json
import os
import signal
import subprocess
import types
import unittest
from unittest import mock

import support


class Display:
    """Keeps what is told."""

    told = []

    def display(self, text):
        self.told.append(text)


lab_run = support.action(
    "lab_run", ansible_utils=types.ModuleType("ansible.utils"),
    ansible_utils_display=types.SimpleNamespace(Display=Display))
ARGV = ["t2t-run", "--campaign", "plan.json"]


def plugin(asked=None, **arguments):
    made = object.__new__(lab_run.ActionModule)
    # pylint: disable=protected-access
    made._task = types.SimpleNamespace(args=arguments)
    made._play_context = types.SimpleNamespace(become_pass=asked)
    return made


def command(asked=None, uid=1000, **arguments):
    with mock.patch.object(os, "geteuid", lambda: uid):
        made = plugin(asked, argv=ARGV, **arguments)
        return made.command(made._task.args)  # pylint: disable=W0212


class Called(unittest.TestCase):
    """How it is called."""

    def test_without_a_password_none_is_read(self):
        self.assertEqual(command(), (ARGV, ""))
        self.assertEqual(command(asked_for=["t", "e"], passwords={}),
                         (ARGV, ""))

    def test_passwords_go_by_stdin(self):
        argv, read = command("asked", asked_for=["t", "e"],
                             passwords={"e": "its own"})
        self.assertEqual(argv, [*ARGV, "--passwords"])
        self.assertEqual(json.loads(read), {"t": "asked", "e": "its own"})

    def test_who_is_to_be_root_becomes_it(self):
        self.assertEqual(command(become=True, uid=0), (ARGV, ""))
        self.assertEqual(command(become=True), (["sudo", "-n", *ARGV], ""))
        self.assertEqual(command("asked", become=True), (
            ["sudo", "-k", "-S", "-p", "", *ARGV], "asked\n"))
        self.assertEqual(command(become=True, passwords={"here": "own"})[1],
                         "own\n")


class Told(unittest.TestCase):
    """What comes of it."""

    def run_shell(self, script):
        Display.told = []
        return plugin(argv=["sh", "-c", script]).run()

    def test_what_it_says_is_told_as_it_comes(self):
        result = self.run_shell("echo '[1/2]' >&2; echo '[2/2]' >&2; echo all")
        self.assertEqual(Display.told, ["[1/2]", "[2/2]"])
        self.assertEqual((result["code"], result["stdout"]), (0, "all\n"))
        self.assertNotIn("failed", result)

    def test_a_failure_says_why(self):
        result = self.run_shell("echo 'error: lost' >&2; exit 3")
        self.assertTrue(result["failed"])
        self.assertEqual(result["msg"], "error: lost")
        self.assertEqual(self.run_shell("exit 3")["msg"], "exit code 3")

    def test_what_is_wrong_or_void_is_a_result(self):
        for word in ("INCORRECT", "VOID"):
            result = self.run_shell(f"echo {word}; exit 1")
            self.assertNotIn("failed", result)
            self.assertEqual(result["code"], 1)
            # Ansible takes any other rc than 0 for a failure.
            self.assertNotIn("rc", result)

    def test_it_ends_with_its_playbook(self):
        process = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(process.kill)
        lab_run.watch(process, 0)
        self.assertEqual(process.wait(), -signal.SIGTERM)

    def test_what_is_no_text_is_told_all_the_same(self):
        result = self.run_shell("printf '\\377\\n' >&2; seq 100000 >&2")
        self.assertGreater(len(result["stderr"]), 500000)

    def test_much_of_both_is_read(self):
        result = self.run_shell("seq 100000; seq 100000 >&2")
        self.assertEqual(len(result["stdout"]), len(result["stderr"]))


if __name__ == "__main__":
    unittest.main()
