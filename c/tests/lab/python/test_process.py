# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_process.py: the one that was started, no other."""

import json
import os
import signal
import subprocess
import tempfile
import time
import types
import unittest

import lab_machine
import lab_process
import lab_record
from support import load, stand_in

stand_in(lab_machine=lab_machine, lab_process=lab_process,
         lab_record=lab_record)
lab_program = load("library/lab_program.py")


class Processes(unittest.TestCase):
    """Of a program that sleeps until it is ended."""

    def setUp(self):
        signal.alarm(60)
        self.addCleanup(signal.alarm, 0)

    def start(self, *argv):
        program = subprocess.Popen(argv or ("sleep", "1000"))
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        return program

    def test_one_that_is_left_over_is_ended(self):
        program = self.start()
        process = lab_process.identity(program.pid)
        self.assertTrue(lab_process.lives(process))
        self.assertTrue(lab_process.end(process))
        self.assertFalse(lab_process.lives(process))
        self.assertEqual(program.wait(), -signal.SIGTERM)
        self.assertFalse(lab_process.end(process))

    def test_one_that_does_not_heed_is_killed(self):
        program = subprocess.Popen(
            ["sh", "-c", "trap '' TERM; echo; while :; do sleep 1; done"],
            stdout=subprocess.PIPE)
        self.addCleanup(program.stdout.close)
        program.stdout.readline()
        self.assertTrue(lab_process.end(lab_process.identity(program.pid),
                                        patience_s=0))
        self.assertEqual(program.wait(), -signal.SIGKILL)

    def test_another_one_of_that_pid_is_left_alone(self):
        program = self.start()
        right = lab_process.identity(program.pid)
        for wrong in ({"started": "1"}, {"started": ""}, {"boot": "before"}):
            self.assertFalse(lab_process.end({**right, **wrong}), wrong)
        self.assertIsNone(program.poll())

    def test_what_a_program_is_recorded_as_is_what_ends_it(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        record = os.path.join(folder.name, "record.json")
        program = lab_program.Program(types.SimpleNamespace(params={
            "name": "sleeper", "folder": folder.name, "argv": ["sleep", "1000"],
            "record": record, "timeout": 60, "cpus": "",
            "signal": "SIGTERM"}))
        program.start()
        with open(record, encoding="utf-8") as file:
            made = json.load(file)["made"][0]
        self.assertEqual(made["pid"], program.pid())
        self.assertTrue(lab_process.end(made))
        self.assertEqual(program.pid(), 0)
        while program.code() is None:
            time.sleep(0.05)
        self.assertEqual(program.code(), 128 + signal.SIGTERM)
