# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_loop_back.py: what it takes away again."""

import os
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  pylint: disable=unused-import

import lab_loop_back as lab


class Note(unittest.TestCase):
    """Of an interface that is lo here, whose kernel only tells what it was
    called with."""

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.said, self.called = "", []
        patch = mock.patch.object(lab, "run", self.run_one)
        patch.start()
        self.addCleanup(patch.stop)
        self.loop = lab.LoopBack("lo", "239.1.1.1:1", work.name)

    def run_one(self, *argv, check):
        del check
        self.called.append(" ".join(argv))
        return self.said

    def taken_away(self):
        self.called.clear()
        self.loop.remove()
        self.assertFalse(os.path.exists(self.loop.note))
        return [call.split()[:3] for call in self.called
                if "del" in call.split()]

    def test_what_it_added(self):
        self.loop.make()
        self.assertEqual(self.taken_away(), [["ip", "maddr", "del"],
                                             ["tc", "qdisc", "del"]])

    def test_not_what_was_there_before(self):
        self.said = "clsact\n01:00:5e:01:01:01 static"
        self.loop.make()
        self.assertEqual(self.taken_away(), [])

    def test_not_what_is_there_after_a_reboot(self):
        self.loop.make()
        with mock.patch.object(lab, "boot_id", lambda: "another"):
            self.assertEqual(self.taken_away(), [])
