# SPDX-License-Identifier: MIT
"""ansible/library: in check mode nothing is changed, and what would be is
told; then it is, and the second time nothing."""

import gzip
import json
import os
import signal
import tempfile
import unittest
from unittest import mock

import support

import lab_knob_kinds as kinds
import test_hugepages
from lab_record import Record, boot_id

support.stand_in()
MODULES = {name: support.load(path)
           for name, path in support.library().items()}


class Pages(test_hugepages.Machine):
    """Entered as the kernel's are."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def tree(path):
    """name -> content of each file, None of each folder."""
    found = {}
    for top, folders, names in os.walk(path):
        found.update({os.path.join(top, name): None for name in folders})
        for name in names:
            with open(os.path.join(top, name), "rb") as file:
                found[os.path.join(top, name)] = file.read()
    return found


class Below(unittest.TestCase):
    """A folder of our own."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = top.name
        self.record = self.path("record.json")
        signal.alarm(60)
        self.addCleanup(signal.alarm, 0)

    def path(self, *names):
        return os.path.join(self.top, *names)

    def look(self, name, /, **params):
        """In check mode: nothing is changed."""
        before = tree(self.top)
        said = support.run(MODULES[name], check=True, **params)
        self.assertEqual(tree(self.top), before, name)
        return said

    def does_as_told(self, name, /, **params):
        """Told, done, and done again. The texts before and after."""
        told = self.look(name, **params)
        done = support.run(MODULES[name], **params)
        self.assertTrue(told["changed"], told)
        self.assertEqual(told, done)
        for check in (True, False):
            said = support.run(MODULES[name], check=check, **params)
            self.assertFalse(said["changed"], said)
        return done["diff"]


class Files(Below):
    """What is made, and programs."""

    def test_a_folder(self):
        lab = self.path("lab")
        diff = self.does_as_told("lab_folder", path=lab, state="present")
        self.assertEqual((diff["before"], diff["after"]),
                         ("", "record.json\n"))
        self.does_as_told("lab_folder", path=lab, state="present",
                          folders=["disk"])
        layers = [f"disk/trader-{digit * 16}.qcow2" for digit in "12"]
        for name in layers:
            with open(os.path.join(lab, name), "w", encoding="utf-8"):
                pass
        diff = self.does_as_told("lab_folder", path=lab, state="tidied",
                                 domain="trader", keep=layers[:1])
        self.assertEqual(diff["after"], f"{layers[0]}\nrecord.json\n")
        diff = self.does_as_told("lab_folder", path=lab, state="absent")
        self.assertEqual((diff["before"], diff["after"]),
                         (f"{layers[0]}\nrecord.json\n", ""))

    def test_a_seed(self):
        seed = {"path": self.path("trader-0123456789abcdef.img"),
                "files": self.path("trader"), "user_data": "#cloud-config\n",
                "network_config": "version: 2\n", "meta_data": "a: b\n"}

        def pack(argv, cwd, **_):
            texts = []
            for name in argv[2:3] + argv[4:]:
                with open(os.path.join(cwd, name), encoding="utf-8") as file:
                    texts.append(file.read())
            with open(argv[3], "w", encoding="utf-8") as file:
                file.write("".join(texts))
            return 0, "", ""
        diff = self.does_as_told("lab_seed", run_command=pack, **seed)
        self.assertEqual([(one["before"], one["after"]) for one in diff],
                         [("", seed["user_data"]),
                          ("", seed["network_config"]),
                          ("", seed["meta_data"])])
        with open(seed["path"], encoding="utf-8") as file:
            self.assertEqual(file.read(),
                             "version: 2\n#cloud-config\na: b\n")
        self.assertEqual(sorted(os.listdir(self.top)),
                         ["trader", "trader-0123456789abcdef.img"])

    def test_a_folder_with_something_of_others(self):
        lab = self.path("lab")
        support.run(MODULES["lab_folder"], path=lab, state="present")
        for name in ("console/trader.log", "console/notes", "mine"):
            os.makedirs(os.path.dirname(os.path.join(lab, name)),
                        exist_ok=True)
            with open(os.path.join(lab, name), "w", encoding="utf-8"):
                pass
        told = self.look("lab_folder", path=lab, state="absent")
        self.assertEqual(told["left"], ["console", "mine"])
        self.assertEqual(told["diff"]["after"], "console/notes\nmine\n")
        self.assertEqual(support.run(MODULES["lab_folder"], path=lab,
                                     state="absent"), told)

    def test_what_is_somebodys_is_refused_unseen(self):
        for check in (True, False):
            said = support.run(MODULES["lab_folder"], check=check, path="/",
                               state="absent")
            self.assertIn("neither empty nor", said["msg"])

    def test_an_entry_of_the_record(self):
        made = {"kind": "bridge", "name": "b", "mac": "1"}
        diff = self.does_as_told("lab_record", path=self.record, made=made)
        self.assertEqual(diff["before"], "")
        self.assertEqual(json.loads(diff["after"]), made)
        diff = self.does_as_told("lab_record", path=self.record, made=made,
                                 state="absent")
        self.assertEqual(diff["after"], "")

    def test_a_record_without_its_folder(self):
        path = self.path("none", "record.json")
        with Record(path, dry=True) as record:
            self.assertTrue(record.add({"kind": "file", "name": "a"}))
            self.assertTrue(record.find("file", "a"))
        self.assertEqual(tree(self.top), {})

    def test_a_feed(self):
        src, dest = self.path("all.csv.gz"), self.path("some.csv.gz")
        with gzip.open(src, "wb") as file:
            file.write(b"exchange,symbol\n1\n2\n3\n")
        diff = self.does_as_told("lab_feed", src=src, dest=dest, lines=2)
        self.assertEqual(diff["before"], "")
        with gzip.open(dest) as file:
            self.assertEqual(file.read(), b"exchange,symbol\n1\n2\n")
        other = self.does_as_told("lab_feed", src=src, dest=dest, lines=1)
        self.assertEqual(other["before"], diff["after"])
        with gzip.open(src, "wb") as file:
            file.write(b"1\n2\n")
        with open(src, "r+b") as file:
            file.truncate(12)
        said = self.look("lab_feed", src=src, dest=dest, lines=2)
        self.assertIn("experiment_feed " + src, said["msg"])

    def test_huge_pages(self):
        """As each step is told, so it is done, on the nodes that it says."""
        machine = Pages(500, 500)
        machine.pages = [7, 8]
        with mock.patch.object(MODULES["lab_hugepages"], "Kernel",
                               lambda _: machine):
            for pages, then in (({"": 200}, [100, 100]),
                                ({"1": 300, "": 20}, [20, 300]),
                                ({0: "300"}, [300, 0]), ({}, [0, 0])):
                held = list(machine.pages)
                told = self.pages_told(pages)
                self.assertEqual(machine.pages, held)
                done = self.pages_done(pages)
                self.assertEqual(told, done)
                self.assertTrue(told["changed"])
                self.assertEqual(machine.pages, [7 + then[0], 8 + then[1]])
                self.assertEqual(
                    json.loads(told["diff"]["after"] or "{}"),
                    {f"node {node}": count
                     for node, count in enumerate(then) if count})
                self.assertFalse(self.pages_told(pages)["changed"])
            self.assertIn("node 2", self.pages_told({"2": 1})["msg"])

    def pages_told(self, pages):
        return self.look("lab_hugepages", size_kib=2048, record=self.record,
                         pages=pages)

    def pages_done(self, pages):
        """Without what only they who did it know."""
        said = support.run(MODULES["lab_hugepages"], size_kib=2048,
                           record=self.record, pages=pages)
        said.pop("in_use", None)
        return said


class Knobs(Below):
    """Of the machine, which are files of ours."""

    def setUp(self):
        super().setUp()
        folder = self.path("proc")
        os.mkdir(folder)
        for name in ("net.a", "net.b"):
            with open(os.path.join(folder, name), "w",
                      encoding="ascii") as file:
                file.write("1\n")
        patch = mock.patch.object(
            kinds.Sysctl, "paths", lambda knob: [folder + "/" + knob.name])
        patch.start()
        self.addCleanup(patch.stop)
        self.params = {"record": self.path("knobs", "record.json"), "knobs": [
            {"kind": "sysctl", "name": "net.a", "value": 2},
            {"kind": "sysctl", "name": "net.b", "value": 1}]}

    def test_applied_and_restored(self):
        told = self.look("lab_knob", state="applied", **self.params)
        done = support.run(MODULES["lab_knob"], state="applied",
                           **self.params)
        self.assertEqual(told, done)
        diff = told["diff"]
        self.assertEqual(json.loads(diff["before"]), {"sysctl net.a": "1"})
        self.assertEqual(json.loads(diff["after"]), {"sysctl net.a": "2"})
        record = self.params["record"]
        diff = self.does_as_told("lab_knob", state="restored", record=record)
        self.assertEqual(json.loads(diff["after"]), {"sysctl net.a": "1"})

    def test_what_is_so_already_is_no_change(self):
        self.params["knobs"] = self.params["knobs"][1:]
        for check in (True, False):
            said = support.run(MODULES["lab_knob"], check=check,
                               state="applied", **self.params)
            self.assertFalse(said["changed"])

    def test_what_there_is_not_fails(self):
        self.params["knobs"][1]["name"] = "net.none"
        for check in (True, False):
            said = support.run(MODULES["lab_knob"], check=check,
                               state="applied", **self.params)
            self.assertIn("net.none", said["msg"])

    def test_none_is_tried(self):
        said = self.look("lab_knob", state="probed", **self.sets())
        self.assertTrue(said["skipped"])
        self.assertEqual(said["missing"], [])

    def sets(self):
        """Of what there is, and of what there is not."""
        knobs = self.params["knobs"]
        return {"record": self.params["record"],
                "sets": [knobs, [{**knobs[0], "name": "net.none"}], knobs]}

    def test_each_set_is_tried_by_itself(self):
        before = self.found()
        said = support.run(MODULES["lab_knob"], state="probed", **self.sets())
        self.assertEqual([[one["knob"] for one in missing]
                          for missing in said["missing"]],
                         [[], ["sysctl net.none"], []])
        self.assertFalse(said["changed"])
        self.assertEqual(self.found(), before)

    def found(self):
        return support.run(MODULES["lab_knob"], state="dumped",
                           **self.params)["found"]

    def test_what_another_boot_left_is_not_put_back(self):
        path = self.path("record.json")
        for boot, changed in (("another", False), (boot_id(), True)):
            with Record(path) as record:
                record.add({"kind": "knob", "name": "sysctl net.a",
                            "boot": boot, "before": "2",
                            "knob": self.params["knobs"][0]})
            said = self.look("lab_knob", state="restored", record=path)
            self.assertEqual(said["changed"], changed)


class Commands(unittest.TestCase):
    """Modules that ask and tell by commands: ours answers."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.ran, self.answers = [], {}

    def command(self, argv, check_rc=False):
        del check_rc
        self.ran.append(" ".join(argv))
        for begin, out in self.answers.items():
            if self.ran[-1].startswith(begin):
                return 0, out, ""
        return 1, "", ""

    def look(self, name, asking, /, **params):
        """In check mode it runs no command but these, and writes nothing."""
        before = tree(self.folder)
        said = support.run(MODULES[name], check=True,
                           run_command=self.command, **params)
        self.assertEqual([one for one in self.ran
                          if not one.startswith(asking)], [])
        self.assertEqual(tree(self.folder), before)
        return said

    def does_as_told(self, name, asking, /, **params):
        """(what it says, what it ran); its sysctls are files of ours."""
        with mock.patch.multiple(MODULES[name], SYSCTLS=self.folder):
            told = self.look(name, asking, **params)
            self.ran.clear()
            done = support.run(MODULES[name], run_command=self.command,
                               **params)
        self.assertEqual(told, done)
        return told, [one for one in self.ran if not one.startswith(asking)]

    def sysctl(self, path, text=None):
        """What it is; with a text it is made."""
        path = os.path.join(self.folder, path)
        if text is not None:
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
        with open(path, encoding="ascii") as file:
            return file.read()

    def test_a_bridge_without_the_labs_folder(self):
        said = self.look("lab_bridge", "ip -json", name="t2t-none",
                         mac="52:54:00:00:00:01", address="10.0.0.1/24",
                         record=self.folder + "/none/record.json")
        self.assertTrue(said["changed"])
        self.assertEqual(said["diff"]["before"], "")
        self.assertEqual(json.loads(said["diff"]["after"]), {
            "mac": "52:54:00:00:00:01", "addresses": ["10.0.0.1/24"],
            "mcast_snooping": 0, "forward_delay": 0, "stp_state": 0,
            "up": True})

    def test_a_bridge_of_somebody(self):
        self.answers["ip -json"] = json.dumps([{"address": "1"}])
        said = self.look("lab_bridge", "ip -json", name="t2t-none", mac="2",
                         address="10.0.0.1/24",
                         record=self.folder + "/none/record.json")
        self.assertIn("in use by someone else", said["msg"])

    def test_a_bridge_that_lacks_something(self):
        record, knob = self.folder + "/record.json", \
            "ipv6/conf/t2t-none/disable_ipv6"
        with Record(record) as entries:
            entries.add({"kind": "bridge", "name": "t2t-none", "mac": "1"})
        self.sysctl(knob, "0\n")
        self.answers["ip -json"] = json.dumps([{
            "address": "1", "flags": ["UP"], "addr_info": [
                {"family": "inet", "local": "10.0.0.1", "prefixlen": 24}],
            "linkinfo": {"info_data": {"mcast_snooping": 1, "stp_state": 0,
                                       "forward_delay": 0}}}])
        said, ran = self.does_as_told(
            "lab_bridge", "ip -json", name="t2t-none", mac="1",
            address="10.0.0.1/24", record=record)
        self.assertEqual(ran, ["ip link set dev t2t-none type bridge "
                               "mcast_snooping 0"])
        self.assertEqual(self.sysctl(knob), "1")
        before, after = (json.loads(said["diff"][when])
                         for when in ("before", "after"))
        self.assertEqual({name for name in after
                          if before[name] != after[name]},
                         {"mcast_snooping", f"{self.folder}/{knob}"})

    def test_a_tap_that_libvirt_has_yet_to_make(self):
        said = self.look("lab_tap", "none", name="t2t-none", bridge="b")
        self.assertTrue(said["changed"])
        self.assertEqual(json.loads(said["diff"]["after"]), {"bridge": "b"})

    def test_a_tap_of_another_bridge(self):
        os.makedirs(self.folder + "/links/t2t-none")
        os.symlink("../other", self.folder + "/links/t2t-none/master")
        os.mkdir(self.folder + "/links/other")
        self.sysctl("ipv6/conf/t2t-none/disable_ipv6", "0\n")
        with mock.patch.object(MODULES["lab_tap"], "LINKS",
                               self.folder + "/links"):
            said, ran = self.does_as_told("lab_tap", "none", name="t2t-none",
                                          bridge="b")
        self.assertEqual(said["changes"], ["port of b", "no IPv6"])
        self.assertEqual(ran, ["ip link set dev t2t-none master b"])
        self.assertEqual(self.sysctl("ipv6/conf/t2t-none/disable_ipv6"), "1")
        self.assertEqual([json.loads(said["diff"][when])
                          for when in ("before", "after")],
                         [{"bridge": "other", "disable_ipv6": "0"},
                          {"bridge": "b", "disable_ipv6": "1"}])


if __name__ == "__main__":
    unittest.main()
