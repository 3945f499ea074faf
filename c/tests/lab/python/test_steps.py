# SPDX-License-Identifier: MIT
"""ansible/callback_plugins/steps.py: what --diff shows of a task."""

import sys
import types
import unittest
from unittest import mock

import support


class CallbackBase:
    """As much of Ansible's as is asked for."""

    def __init__(self):
        self._display = types.SimpleNamespace(display=self.take)
        self.lines = []

    def take(self, text):
        self.lines.append(text)

    def _get_diff(self, diff):
        return diff["after"]


STAND_IN = {"ansible.plugins": types.ModuleType("ansible.plugins"),
            "ansible.plugins.callback": types.SimpleNamespace(
                CallbackBase=CallbackBase)}
support.stand_in()
with mock.patch.dict(sys.modules, STAND_IN):
    steps = support.load("callback_plugins/steps.py")


def part(text, changed=True):
    return {"changed": changed, "diff": {"after": text}}


class Diffs(unittest.TestCase):
    """Of one task on the trader."""

    def shown(self, data, quiet=False):
        callback = steps.CallbackModule()
        callback.quiet = quiet
        task = types.SimpleNamespace(get_name=lambda: "role : Do it")
        callback.v2_on_file_diff(types.SimpleNamespace(
            _result=data, _task=task, _task_fields={},
            _host=types.SimpleNamespace(get_name=lambda: "trader")))
        return callback.lines

    def test_what_changed_is_shown(self):
        self.assertEqual(self.shown(part("+one\n")),
                         ["trader: Do it", "+one"])

    def test_of_a_loop_each_that_changed(self):
        self.assertEqual(
            self.shown({"changed": True, "results": [
                part("+one\n"), part("+two\n", changed=False),
                {"changed": True}, part("+three\n")]}),
            ["trader: Do it", "+one", "trader: Do it", "+three"])

    def test_nothing_where_it_is_to_be_quiet(self):
        self.assertEqual(self.shown(part("+one\n"), quiet=True), [])


if __name__ == "__main__":
    unittest.main()
