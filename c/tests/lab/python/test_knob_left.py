# SPDX-License-Identifier: MIT
"""ansible/action_plugins/lab_knob.py, by a real shell: when the module is run."""

import os
import subprocess
import tempfile
import types
import unittest

import support


lab_knob = support.action("lab_knob")
TURNED = ('{\n  "schema": 1,\n  "made": [\n    {\n'
          '      "kind": "knob",\n      "name": "sysctl a"\n    }\n  ]\n}\n')


def shell(command):
    done = subprocess.run(["sh", "-ec", command], capture_output=True,
                          text=True, check=False)
    return {"rc": done.returncode, "stdout": done.stdout,
            "stderr": done.stderr}


class Left(unittest.TestCase):
    """By what the record holds."""

    def setUp(self):
        top = tempfile.TemporaryDirectory(prefix="it's a ")
        self.addCleanup(top.cleanup)
        self.record = os.path.join(top.name, "record.json")

    # pylint: disable=protected-access
    def ask(self, text=None, **more):
        """With a record of that text: what it says, if the module was not
        run."""
        if text is not None:
            with open(self.record, "w", encoding="ascii") as file:
                file.write(text)
        made = object.__new__(lab_knob.ActionModule)
        made._task = types.SimpleNamespace(
            args={"state": "restored", "record": self.record, **more})
        made._low_level_execute_command = shell
        made._execute_module = lambda task_vars: {"module": task_vars}
        return made.run(None, {"a": 1})

    def test_nothing_was_turned(self):
        nothing = {"changed": False, "restored": [], "found": {}}
        self.assertEqual(self.ask(), nothing)
        self.assertEqual(self.ask('{\n  "schema": 1,\n  "made": []\n}\n'),
                         nothing)

    def test_a_knob_is_left(self):
        self.assertEqual(self.ask(TURNED), {"module": {"a": 1}})

    def test_somebody_is_at_it_just_now(self):
        with open(self.record + ".lock", "w", encoding="ascii"):
            self.assertEqual(self.ask(), {"module": {"a": 1}})

    def test_what_is_damaged_is_the_modules(self):
        for text in ("", "{", TURNED[:-20]):
            self.assertEqual(self.ask(text), {"module": {"a": 1}}, text)

    def test_whoever_asks_for_more_has_the_module(self):
        knob = {"kind": "sysctl", "name": "a"}
        for more in ({"read": [knob]}, {"state": "probed", "knobs": []},
                     {"state": "dumped"}, {"state": "applied"}):
            self.assertEqual(self.ask(**more), {"module": {"a": 1}}, more)


if __name__ == "__main__":
    unittest.main()
