# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_record.py: nothing that was made is forgotten."""

import json
import os
import signal
import tempfile
import unittest

import lab_record
from lab_record import Record

WRITERS, ENTRIES = 6, 15


def entry(name, **more):
    return {"kind": "file", "name": name, **more}


def child(work):
    """Runs it in another process; its pid."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            work()
        except BaseException:  # pylint: disable=broad-except
            os._exit(1)
        os._exit(0)
    return pid


class Folders(unittest.TestCase):
    """Where a record is to be."""

    def test_one_that_root_makes_is_of_who_has_the_one_above(self):
        ours = (os.getuid(), os.getgid())
        above = ours if os.getuid() else (12345, 23456)
        with tempfile.TemporaryDirectory() as top:
            os.chown(top, *above)
            path = os.path.join(top, "build", "lab")
            lab_record.make_folder(path)
            for one in (path, os.path.dirname(path)):
                owner = os.stat(one)
                self.assertEqual((owner.st_uid, owner.st_gid), above)
            os.chown(path, *ours)
            lab_record.make_folder(path)
            self.assertEqual(os.stat(path).st_uid, ours[0])


class Records(unittest.TestCase):
    """Each in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "record.json")
        signal.alarm(60)  # whoever waits for a lock in vain has failed
        self.addCleanup(signal.alarm, 0)

    def add(self, made):
        with Record(self.path) as record:
            return record.add(made)

    def names(self):
        with open(self.path, encoding="utf-8") as file:
            return [made["name"] for made in json.load(file)["made"]]

    def test_what_is_added_is_found_again(self):
        self.assertTrue(self.add(entry("a", mode="0600")))
        with Record(self.path) as record:
            self.assertEqual(record.find("file", "a"),
                             entry("a", mode="0600"))
            self.assertIsNone(record.find("bridge", "a"))

    def test_the_order_is_that_of_making(self):
        for name in "bac":
            self.add(entry(name))
        self.assertEqual(self.names(), ["b", "a", "c"])

    def test_the_same_once_more_changes_nothing(self):
        self.add(entry("a"))
        before = os.stat(self.path)
        self.assertFalse(self.add(entry("a")))
        self.assertEqual(os.stat(self.path).st_mtime_ns, before.st_mtime_ns)

    def test_another_of_that_name_takes_its_place(self):
        for made in (entry("a", mac="1"), entry("b"), entry("a", mac="2")):
            self.assertTrue(self.add(made))
        with Record(self.path) as record:
            self.assertEqual(record.made, [entry("a", mac="2"), entry("b")])

    def test_what_is_struck_out_is_gone(self):
        self.add(entry("a"))
        self.add(entry("b"))
        with Record(self.path) as record:
            self.assertTrue(record.remove("file", "a"))
            self.assertFalse(record.remove("file", "a"))
        self.assertEqual(self.names(), ["b"])

    def test_others_may_read_it(self):
        self.add(entry("a"))
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o644)

    def killed_at(self, function):
        """A writer that is killed when it comes to that function of os."""
        reader, writer = os.pipe()

        def work():
            def stop(*_):
                os.write(writer, b"!")
                signal.pause()
            setattr(lab_record.os, function, stop)
            with Record(self.path) as record:
                record.add(entry("late"))
        pid = child(work)
        self.assertEqual(os.read(reader, 1), b"!")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)

    def test_killed_before_the_rename_loses_nothing(self):
        for function in ("fsync", "rename"):
            self.add(entry("a"))
            self.killed_at(function)
            self.assertEqual(self.names(), ["a"], function)
            # Nor does it lock out the next.
            self.add(entry("b"))
            self.assertEqual(self.names(), ["a", "b"], function)
            os.unlink(self.path)

    def test_writers_at_once_lose_nothing(self):
        def work(writer):
            for i in range(ENTRIES):
                self.add(entry(f"{writer} {i}"))
        pids = [child(lambda w=writer: work(w)) for writer in range(WRITERS)]
        for pid in pids:
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(sorted(self.names()),
                         sorted(f"{writer} {i}" for writer in range(WRITERS)
                                for i in range(ENTRIES)))

    def test_who_reads_meanwhile_reads_a_whole_one(self):
        self.add(entry("first"))

        def work():
            for i in range(WRITERS * ENTRIES):
                self.add(entry(str(i)))
        pid, seen = child(work), 0
        while not os.waitpid(pid, os.WNOHANG)[0]:
            now = len(self.names())
            self.assertGreaterEqual(now, seen)
            seen = now
        self.assertEqual(len(self.names()), 1 + WRITERS * ENTRIES)
