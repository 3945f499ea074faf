# SPDX-License-Identifier: MIT
"""Knobs, on files of our own and in a namespace of our own."""

import json
import os
import subprocess
import tempfile
import unittest

import support

lab = support.load("module_utils/lab_knob.py")


def files(folder, **texts):
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def content(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


class Turned(unittest.TestCase):
    """The machine's own files are files of ours here."""

    def setUp(self):
        # pylint: disable=consider-using-with
        self.kept = tempfile.TemporaryDirectory()
        self.addCleanup(self.kept.cleanup)
        self.folder = self.kept.name
        files(self.folder, one="1\n", two="[a] b\n", three="3\n")
        paths = {"one": lab.Sysctl, "two": lab.Choice, "three": lab.Sysctl}
        self.record = self.folder + "/record.json"
        self.knobs = lab.Knobs(self.record, "")

        def knob(wanted, _whole):
            made = paths[wanted["name"]](wanted["name"], "", lab.Files())
            made.paths = lambda: [self.folder + "/" + wanted["name"]]
            return made
        self.knobs.knob = knob

    def want(self, name, value):
        return {"kind": "sysctl", "name": name, "value": value}

    def entries(self):
        with open(self.record, encoding="utf-8") as file:
            return [made["name"] for made in json.load(file)["made"]]

    def test_set_read_back_and_restored(self):
        done, missing = self.knobs.apply([self.want("one", "5")])
        self.assertEqual(missing, [])
        self.assertEqual((done[0]["before"], done[0]["found"]), ("1", "5"))
        self.assertEqual(self.entries(), ["sysctl one"])
        self.assertEqual(self.knobs.restore(), (["sysctl one"], []))
        self.assertEqual(content(self.folder, "one").strip(), "1")
        self.assertEqual(self.entries(), [])

    def test_it_is_recorded_before_it_is_changed(self):
        class Killed(Exception):
            """As kill -9 would."""

        def kill(_value):
            raise Killed
        turned = self.knobs.knob(self.want("one", "5"), False)
        turned.write = kill
        self.knobs.knob = lambda *_: turned
        with self.assertRaises(Killed):
            self.knobs.apply([self.want("one", "5")])
        self.assertEqual(self.entries(), ["sysctl one"])

    def test_what_was_first_found_is_put_back(self):
        self.knobs.apply([self.want("one", "5")])
        self.knobs.apply([self.want("one", "7")])
        self.knobs.restore()
        self.assertEqual(content(self.folder, "one").strip(), "1")

    def test_the_rest_is_left_after_a_missing_one(self):
        os.unlink(self.folder + "/two")
        done, missing = self.knobs.apply(
            [self.want(name, "5") for name in ("one", "two", "three")])
        self.assertEqual(len(done), 1)
        self.assertEqual(missing[0]["knob"], "sysctl two")
        self.assertEqual(content(self.folder, "three").strip(), "3")

    def test_what_the_kernel_clamps_is_missing(self):
        turned = self.knobs.knob(self.want("one", "5"), False)
        turned.write = lambda _: None
        self.knobs.knob = lambda *_: turned
        missing = self.knobs.apply([self.want("one", "5")])[1]
        self.assertIn("asked for 5, the kernel made it 1",
                      missing[0]["reason"])

    def test_after_a_reboot_nothing_is_put_back(self):
        self.knobs.apply([self.want("one", "5")])
        with lab.Record(self.record) as record:
            entry = dict(record.made[0], boot="another")
            record.add(entry)
        self.assertEqual(self.knobs.restore(), ([], []))
        self.assertEqual(content(self.folder, "one").strip(), "5")
        self.assertEqual(self.entries(), [])


class Words(unittest.TestCase):
    """Two that mean the same."""

    def test_masks(self):
        self.assertEqual(lab.Queue.normal("00000000,00000002"), "2")

    def test_lists(self):
        self.assertEqual(lab.Irq.normal("0-2"), lab.Irq.normal("0,1,2"))

    def test_blanks(self):
        self.assertEqual(lab.Knob.normal("4096\t131072 6291456"),
                         "4096 131072 6291456")


PROGRAM = support.ANSIBLE + "/module_utils/lab_knob.py"
THP = "/sys/kernel/mm/transparent_hugepage/enabled"
KNOBS = json.dumps([
    {"kind": "machine", "name": "thp", "value": "never"},
    {"kind": "nic", "name": "gro", "value": "on"},
    {"kind": "nic", "name": "napi_defer_hard_irqs", "value": "2"},
    {"kind": "sysctl", "name": "net.ipv4.tcp_low_latency", "value": "1"},
    {"kind": "sysctl", "name": "net.core.busy_read", "value": "50"}])


@unittest.skipIf(os.getuid() != 0, "wants root")
class Real(unittest.TestCase):
    """The program, on this machine; all is as it was afterwards."""

    def setUp(self):
        # pylint: disable=consider-using-with
        self.kept = tempfile.TemporaryDirectory()
        self.addCleanup(self.kept.cleanup)
        self.record = self.kept.name + "/record.json"
        self.before = self.run_program("dump", "--rig")[1]
        if None in self.before.values():
            self.skipTest(f"this machine lacks one: {self.before}")

    def run_program(self, verb, *more, knobs=KNOBS):
        done = subprocess.run(
            ["python3", PROGRAM, verb, "--record", self.record, "--knobs",
             knobs, *more], capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    def tearDown(self):
        self.run_program("restore")
        self.assertEqual(self.run_program("dump", "--rig")[1], self.before)

    def test_a_probe_leaves_nothing(self):
        self.assertEqual(self.run_program("probe", "--rig")[1],
                         {"missing": []})
        self.assertEqual(self.run_program("dump", "--rig")[1], self.before)

    def test_what_is_not_there_is_named(self):
        missing = self.run_program("probe", "--rig", knobs=json.dumps(
            [{"kind": "nic", "name": "rx-ring", "value": "256"}]))[1]
        self.assertEqual(missing["missing"][0]["knob"], "nic rx-ring")

    def test_what_a_killed_run_left_is_put_back(self):
        # Its namespace has ended, what it turned of the machine has not.
        self.assertEqual(self.run_program("apply", "--rig")[0], 0)
        self.assertIn("[never]", content("/", THP))
        code, said, _ = self.run_program("restore")
        self.assertEqual(code, 0)
        self.assertIn("machine thp", said["restored"])
        self.assertEqual(self.run_program("dump", "--rig")[1], self.before)

    def test_the_next_run_puts_back_what_the_last_one_left(self):
        self.run_program("apply", "--rig")
        self.run_program("apply", "--rig", knobs="[]")
        self.assertEqual(self.run_program("dump", "--rig")[1], self.before)


if __name__ == "__main__":
    unittest.main()
