# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_folder.py: nothing of anybody's is removed."""

import json
import os
import random
import stat
import tempfile
import unittest

import lab_folder
from lab_record import Record

OURS = ("key", "key.pub", "ssh_config", "seed/trader/user-data",
        "seed/trader-0123456789abcdef.img", "readback.json",
        "seed/trader-0123456789abcdef.part", "overlay/hosts.yml",
        "overlay/host_vars/trader.yml", "experiment/sessions.jsonl",
        "disk/trader-0123456789abcdef.qcow2", "console/trader.log",
        "console/trader.log.0", "experiment/wiretap.log",
        "experiment/feed.csv.gz", "experiment/capture.pcapng",
        *(f"symbols/{'0a' * 20}/{name}" for name in (
            "vmlinux", "modules/virtio_net.ko", "source/net/core/dev.c",
            f"index/{'0a' * 20}.gdb-index")),
        "symbols/.lock", "symbols/part-0123abcd/apt/lists/x")


def write(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine")


def all_of(folder):
    return sorted(os.path.relpath(os.path.join(top, name), folder)
                  for top, names, files in os.walk(folder)
                  for name in names + files)


class Folders(unittest.TestCase):
    """Each below a folder of its own."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = top.name
        self.path = os.path.join(top.name, "lab")

    def test_libvirts_user_gets_in_whatever_the_umask(self):
        path = os.path.join(self.top, "build", "lab")
        before = os.umask(0o077)
        try:
            lab_folder.make(path)
        finally:
            self.assertEqual(os.umask(before), 0o077)
        for folder in (path, os.path.dirname(path)):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o755)

    def removed(self):
        """What remove() says is left."""
        return lab_folder.remove(self.path)

    def test_one_that_is_not_there_is_made_and_goes(self):
        self.assertEqual(lab_folder.fault(self.path), "")
        self.assertTrue(lab_folder.make(self.path))
        self.assertFalse(lab_folder.make(self.path))
        self.assertEqual(lab_folder.fault(self.path), "")
        self.assertEqual(self.removed(), [])
        self.assertFalse(os.path.exists(self.path))

    def test_an_empty_one_that_was_there_stays(self):
        os.mkdir(self.path)
        lab_folder.make(self.path)
        self.assertEqual(self.removed(), [])
        self.assertEqual(os.listdir(self.path), [])

    def test_a_home_is_refused_and_left_as_it_is(self):
        for name in (".bashrc", "Documents/a", "record.json", "key"):
            write(os.path.join(self.path, name))
            before = all_of(self.path)
            self.assertIn("neither empty nor", lab_folder.fault(self.path))
            with self.assertRaises(lab_folder.NotOurs):
                lab_folder.make(self.path)
            with self.assertRaises(lab_folder.NotOurs):
                lab_folder.remove(self.path)
            self.assertEqual(all_of(self.path), before)

    def test_no_folder_at_all(self):
        write(self.path)
        self.assertIn("no folder", lab_folder.fault(self.path))
        self.assertIn("no folder", lab_folder.fault(self.path + "/below"))

    def test_the_root_is_refused(self):
        self.assertIn("neither empty nor", lab_folder.fault("/"))

    def test_another_folders_record_is_none(self):
        lab_folder.make(self.path)
        other = self.path + "-copied"
        os.rename(self.path, other)
        self.assertIn(self.path, lab_folder.fault(other))

    def test_a_relative_one_is_refused(self):
        self.assertIn("not absolute", lab_folder.fault("lab"))
        self.assertIn("not absolute", lab_folder.fault(""))

    def test_names_that_others_would_read_otherwise(self):
        for sign in "\"'$%\\\n":
            self.assertIn("may not be in it",
                          lab_folder.fault(f"/tmp/a{sign}b"), sign)
        for name in ("a b", "ü", "a,b", "-a", "a;b"):
            self.assertEqual(lab_folder.fault(self.path + name), "", name)

    def test_what_a_killed_writer_of_the_record_left_is_ours(self):
        write(os.path.join(self.path, ".recordab12_xyz"))
        self.assertEqual(lab_folder.fault(self.path), "")

    def test_knobs_of_a_run_without_a_lab_are_ours(self):
        knobs = os.path.join(self.path, "knobs.json")
        write(knobs)
        self.assertIn("neither empty nor", lab_folder.fault(self.path))
        os.unlink(knobs)
        with Record(knobs) as record:
            record.add({"kind": "knob", "name": "thp"})
        self.assertEqual(lab_folder.fault(self.path), "")
        lab_folder.make(self.path)
        self.assertEqual(self.removed(), [])

    def test_all_that_we_make_goes(self):
        lab_folder.make(self.path)
        for name in OURS:
            write(os.path.join(self.path, name))
        self.assertEqual(self.removed(), [])
        self.assertFalse(os.path.exists(self.path))

    def test_whatever_else_is_in_it_stays_and_is_named(self):
        others = ("notes.txt", "seed/notes", "disk/holidays.qcow2",
                  "disk/deep/er/trader.log", "key.bak", "experiment/thesis")
        for seed in range(40):
            chosen = random.Random(seed)
            theirs = chosen.sample(others, chosen.randint(1, len(others)))
            lab_folder.make(self.path)
            for name in list(OURS) + theirs:
                write(os.path.join(self.path, name))
            left = self.removed()
            self.assertEqual([name for name in all_of(self.path)
                              if os.path.isfile(os.path.join(self.path, name))],
                             sorted(theirs))
            for name in theirs:
                self.assertTrue(any(name == one or name.startswith(one + "/")
                                    for one in left), (name, left))
            for name in theirs:
                os.unlink(os.path.join(self.path, name))
            for top, _, _ in os.walk(self.path, topdown=False):
                os.rmdir(top)

    def test_a_link_is_not_followed(self):
        outside = os.path.join(self.top, "outside")
        write(os.path.join(outside, "trader.log"))
        lab_folder.make(self.path)
        os.symlink(outside, os.path.join(self.path, "console"))
        self.assertEqual(self.removed(), ["console"])
        self.assertEqual(all_of(outside), ["trader.log"])

    def test_a_mended_record_names_its_folder(self):
        lab_folder.make(self.path)
        with open(os.path.join(self.path, "record.json"),
                  encoding="utf-8") as file:
            self.assertEqual(json.load(file)["made"], [
                {"kind": "folder", "name": self.path, "new": True}])
        with Record(os.path.join(self.path, "record.json")) as record:
            self.assertIsNotNone(record.find("folder", self.path))

    def test_layers_of_former_images_go(self):
        lab_folder.make(self.path)
        keep = ["disk/trader-" + "1" * 16 + ".qcow2",
                "seed/trader-" + "1" * 16 + ".img"]
        old = ["disk/trader-" + "2" * 16 + ".qcow2",
               "seed/trader-" + "2" * 16 + ".img",
               "disk/trader-" + "1" * 12 + "-" + "3" * 8 + ".qcow2",
               "state/trader-" + "4" * 16 + ".sav",
               "state/trader-" + "5" * 16 + ".sav.part"]
        other = ["disk/t-trader-" + "2" * 16 + ".qcow2", "disk/mine.qcow2"]
        for name in keep + old + other:
            write(os.path.join(self.path, name))
        self.assertEqual(lab_folder.tidy(self.path, "trader", keep),
                         sorted(old))
        for name in keep + other:
            self.assertTrue(os.path.exists(os.path.join(self.path, name)))
