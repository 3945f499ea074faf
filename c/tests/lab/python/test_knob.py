# SPDX-License-Identifier: MIT
"""Knobs, on files of our own and in a namespace of our own."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import support  # first: it says where the others are

import lab_knob as lab
import lab_knob_kinds as kinds
import lab_sysctl


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
        paths = {"one": kinds.Sysctl, "two": kinds.Choice,
                 "three": kinds.Sysctl}
        self.record = self.folder + "/record.json"
        self.knobs = lab.Knobs(self.record, "")

        def knob(wanted, _whole):
            made = paths[wanted["name"]](wanted["name"], "", kinds.Files())
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
        self.assertIn("requested 5, got 1",
                      missing[0]["reason"])

    def test_after_a_reboot_nothing_is_put_back(self):
        self.knobs.apply([self.want("one", "5")])
        with lab.Record(self.record) as record:
            entry = dict(record.made[0], boot="another")
            record.add(entry)
        self.assertEqual(self.knobs.restore(), ([], []))
        self.assertEqual(content(self.folder, "one").strip(), "5")
        self.assertEqual(self.entries(), [])


    def test_the_last_one_is_put_back_first(self):
        written = []
        whole = self.knobs.knob

        def knob(wanted, scope):
            made = whole(wanted, scope)
            write = made.write
            made.write = lambda value: (written.append(made.name),
                                        write(value))
            return made
        self.knobs.knob = knob
        self.knobs.apply([self.want("one", "5"), self.want("three", "7")])
        self.assertEqual(self.knobs.restore(),
                         (["sysctl three", "sysctl one"], []))
        self.assertEqual(written, ["one", "three", "three", "one"])

    def test_what_does_not_go_back_is_said_and_stays_recorded(self):
        self.knobs.apply([self.want("one", "5"), self.want("three", "7")])
        whole = self.knobs.knob

        def knob(wanted, scope):
            made = whole(wanted, scope)
            if made.name == "three":
                made.write = lambda _: None
            return made
        self.knobs.knob = knob
        done, failed = self.knobs.restore()
        self.assertEqual(done, ["sysctl one"])
        self.assertEqual(failed, [{"knob": "sysctl three",
                                   "reason": "three: was 3, is 7"}])
        self.assertEqual(self.entries(), ["sysctl three"])

    def test_one_at_a_time_puts_back(self):
        self.knobs.apply([self.want("one", "5")])
        whole, other = self.knobs.knob, lab.Knobs(self.record, "")
        begun, said = threading.Event(), []

        def slow(wanted, scope):
            begun.set()
            time.sleep(0.2)
            return whole(wanted, scope)
        self.knobs.knob = slow
        other.knob = whole
        first = threading.Thread(target=lambda: said.append(
            self.knobs.restore()))
        first.start()
        begun.wait()
        self.assertEqual(other.restore(), ([], []))
        first.join()
        self.assertEqual(said, [(["sysctl one"], [])])
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["one", "record.json", "three", "two"])

    def test_one_that_another_undoes_is_missing(self):
        files(self.folder, one="1\n", three="3\n")
        whole = self.knobs.knob

        def knob(wanted, scope):
            made = whole(wanted, scope)
            if made.name == "three":
                write = made.write
                made.write = lambda value: (files(self.folder, one="0\n"),
                                            write(value))
            return made
        self.knobs.knob = knob
        missing = self.knobs.apply([self.want("one", "5"),
                                    self.want("three", "7")])[1]
        self.assertEqual(missing, [{
            "knob": "sysctl one", "reason":
            "sysctl one: requested 5, another knob made it 0"}])


class Pair(unittest.TestCase):
    """Of two sysctls one is 0."""

    def setUp(self):
        # pylint: disable=consider-using-with
        self.kept = tempfile.TemporaryDirectory()
        self.addCleanup(self.kept.cleanup)
        folder = self.folder = self.kept.name
        files(folder, **{"vm.dirty_bytes": "0\n", "vm.dirty_ratio": "20\n"})

        class Sysctl(kinds.Sysctl):
            """As the kernel's: 0 can't be written."""

            def paths(self):
                return [f"{folder}/{self.name}"]

            def write(self, value):
                if value == "0":
                    raise kinds.Missing("invalid argument")
                files(folder, **{self.OTHERS[self.name]: "0\n"})
                super().write(value)
        self.knobs = lab.Knobs(folder + "/record.json", "")
        self.knobs.knob = lambda wanted, _: Sysctl(wanted["name"], "",
                                                   kinds.Files())

    def test_the_other_one_is_put_back(self):
        for name, value in (("vm.dirty_bytes", "8192"),
                            ("vm.dirty_ratio", "30")):
            done, missing = self.knobs.apply(
                [{"kind": "sysctl", "name": name, "value": value}])
            self.assertEqual((len(done), missing), (1, []))
            self.assertEqual(content(self.folder, name).strip(), value)
            self.assertEqual(self.knobs.restore(), ([f"sysctl {name}"], []))
            self.assertEqual(content(self.folder, "vm.dirty_bytes").strip(),
                             "0")
            self.assertEqual(content(self.folder, "vm.dirty_ratio").strip(),
                             "20")

    def test_both_at_once_are_refused(self):
        missing = self.knobs.apply(
            [{"kind": "sysctl", "name": "vm.dirty_bytes", "value": "8192"},
             {"kind": "sysctl", "name": "vm.dirty_ratio", "value": "30"}])[1]
        self.assertIn("another knob made it 0", missing[0]["reason"])


class Interrupts(unittest.TestCase):
    """A NIC's own, in a /sys of ours."""

    def setUp(self):
        # pylint: disable=consider-using-with
        self.kept = tempfile.TemporaryDirectory()
        self.addCleanup(self.kept.cleanup)
        self.sys = self.kept.name
        self.port = self.device("devices/pci0000:00/0000:00:02.0", "pci")
        os.makedirs(self.port + "/msi_irqs/24")
        self.nic = self.port + "/0000:01:00.0"

    def device(self, path, bus, line=None):
        folder = os.path.join(self.sys, path)
        os.makedirs(folder, exist_ok=True)
        os.makedirs(f"{self.sys}/bus/{bus}", exist_ok=True)
        os.symlink(f"{self.sys}/bus/{bus}", folder + "/subsystem")
        if line is not None:
            files(folder, irq=line)
        return folder

    def numbers(self, device):
        os.makedirs(f"{self.sys}/class/net/nic0", exist_ok=True)
        if device:
            os.symlink(device, f"{self.sys}/class/net/nic0/device")
        knob = kinds.Irq("irq_affinity", "nic0", kinds.Files())
        knob.SYS = self.sys
        return knob.numbers()

    def missing(self, device):
        with self.assertRaises(kinds.Missing) as caught:
            self.numbers(device)
        return str(caught.exception)

    def test_one_line_is_the_nics_not_the_root_ports(self):
        self.device(self.nic, "pci", "11\n")
        self.assertEqual(self.numbers(self.nic), ["11"])

    def test_messages(self):
        self.device(self.nic, "pci", "11\n")
        for number in ("27", "9", "26"):
            os.makedirs(f"{self.nic}/msi_irqs/{number}")
        self.assertEqual(self.numbers(self.nic), ["9", "26", "27"])

    def test_virtio_has_those_of_its_pci_device(self):
        self.device(self.nic, "pci", "11\n")
        os.makedirs(f"{self.nic}/msi_irqs/26")
        self.assertEqual(
            self.numbers(self.device(self.nic + "/virtio0", "virtio")),
            ["26"])

    def test_no_line(self):
        self.device(self.nic, "pci", "0\n")
        self.assertIn("nic0 has no interrupt", self.missing(self.nic))

    def test_another_bus_below_a_root_port(self):
        self.device(self.nic, "pci", "11\n")
        self.assertIn("usb", self.missing(
            self.device(self.nic + "/usb1", "usb")))

    def test_no_device(self):
        self.assertIn("no interrupt of its own", self.missing(None))


class Ethtool(unittest.TestCase):
    """What it prints, of a NIC that has all."""

    SAID = {
        "-g": "Ring parameters for nic0:\nPre-set maximums:\nRX:\t\t4096\n"
              "TX:\t\t4096\nCurrent hardware settings:\nRX:\t\t256\n"
              "TX:\t\t512\n",
        "-c": "Coalesce parameters for nic0:\nAdaptive RX: on  TX: off\n"
              "rx-usecs:\t3\nrx-frames:\tn/a\n\ntx-usecs:\t0\n",
        "-k": "Features for nic0:\nrx-checksumming: on [fixed]\n"
              "generic-receive-offload: off\n",
    }

    def setUp(self):
        self.kept, kinds.command = kinds.command, \
            lambda _, what, *__: self.SAID[what]

    def tearDown(self):
        kinds.command = self.kept

    def read(self, name):
        knob = {"kind": "nic", "name": name}
        return kinds.knob_of(knob, "nic0", None).read()

    def test_the_current_ring_not_the_greatest(self):
        self.assertEqual((self.read("rx-ring"), self.read("tx-ring")),
                         ("256", "512"))

    def test_adaptive_coalescing(self):
        self.assertEqual((self.read("adaptive-rx"), self.read("adaptive-tx")),
                         ("on", "off"))

    def test_coalescing(self):
        self.assertEqual((self.read("rx-usecs"), self.read("tx-usecs")),
                         ("3", "0"))
        with self.assertRaises(kinds.Missing):
            self.read("rx-frames")

    def test_offloads(self):
        self.assertEqual((self.read("rx"), self.read("gro")), ("on", "off"))

    def test_unknown_names_are_refused(self):
        for kind, name in (("nic", "rx-ringg"), ("machine", "smt"),
                           ("process", "cpu"), ("nic", "thp")):
            with self.assertRaises(kinds.Missing) as caught:
                kinds.knob_of({"kind": kind, "name": name}, "", None)
            self.assertIn(f"{kind} {name}", str(caught.exception))

    def test_what_no_experiment_may_turn_is_not_even_read(self):
        for name in ("kernel.modules_disabled", "vm.drop_caches"):
            missing = lab.Knobs("", "").apply(
                [{"kind": "sysctl", "name": name, "value": "1"}])[1]
            self.assertIn(lab_sysctl.REFUSED[name], missing[0]["reason"])


class RdmaLink(unittest.TestCase):
    """Soft-RoCE, of a kernel that has it and of one that has not."""

    def setUp(self):
        self.sys = tempfile.mkdtemp()
        self.links, self.said = [], []
        self.kept = kinds.command, kinds.RdmaLink.SYS
        kinds.command, kinds.RdmaLink.SYS = self.command, self.sys
        kinds.shown.cache_clear()

    def tearDown(self):
        kinds.command, kinds.RdmaLink.SYS = self.kept
        kinds.shown.cache_clear()
        shutil.rmtree(self.sys)

    def add(self, name, netdev, soft=True):
        folder = f"{self.sys}/class/infiniband/{name}"
        os.makedirs(folder)
        if soft:
            with open(folder + "/parent", "w", encoding="utf-8") as file:
                file.write(netdev)
        self.links.append({"ifname": name, "port": 1, "netdev": netdev})

    def command(self, *argv):
        self.said.append(argv)
        if argv == ("rdma", "-j", "link", "show"):
            return json.dumps(self.links)
        # It has no long words for its options.
        if argv[0] == "rdma" and argv[1].startswith("-"):
            raise kinds.Missing("Unknown option.")
        if argv[:3] == ("rdma", "link", "add"):
            self.add(argv[3], argv[-1])
        if argv[:3] == ("rdma", "link", "delete"):
            self.links = [one for one in self.links
                          if one["ifname"] != argv[3]]
        return ""

    def knob(self):
        return kinds.knob_of({"kind": "nic", "name": "rdma_link"}, "nic0",
                             None)

    def test_it_is_made_and_taken_away(self):
        self.assertEqual(self.knob().read(), "none")
        self.knob().write("rxe")
        self.assertEqual(self.knob().read(), "rxe")
        self.assertIn(("modprobe", "rdma_rxe"), self.said)
        self.knob().put_back("none")
        self.assertEqual((self.knob().read(), self.links), ("none", []))

    def test_another_interface_s_is_not_ours(self):
        self.add("rxe0", "nic1")
        self.assertEqual(self.knob().read(), "none")
        self.knob().write("none")
        self.assertEqual(len(self.links), 1)

    def test_a_nic_with_rdma_of_its_own_keeps_it(self):
        self.add("mlx5_0", "nic0", soft=False)
        self.assertEqual(self.knob().read(), "none")
        self.knob().write("none")
        with self.assertRaises(kinds.Missing) as caught:
            self.knob().write("rxe")
        self.assertIn("RDMA of its own, mlx5_0", str(caught.exception))
        self.assertEqual(len(self.links), 1)

    def test_a_kernel_without_it_has_none(self):
        def command(*argv):
            raise kinds.Missing(" ".join(argv[:2]))
        kinds.command = command
        self.assertEqual(self.knob().read(), "none")
        with self.assertRaises(kinds.Missing) as caught:
            self.knob().write("rxe")
        self.assertIn("modprobe rdma_rxe", str(caught.exception))


class Carrier(unittest.TestCase):
    """A driver that takes the link down to turn something."""

    def turn(self, *carriers):
        """A ring, where the link reads so one time after the other, and the
        last one stays; the number of readings."""
        left, asked = list(carriers), []

        def read(path):
            asked.append(path)
            said = left.pop(0) if len(left) > 1 else left[0]
            if said is None:
                raise kinds.Missing("down")
            return said
        with mock.patch.object(kinds, "change"), \
                mock.patch.object(kinds.time, "sleep"), \
                mock.patch.object(kinds, "CARRIER_S", 0.05):
            kinds.knob_of({"kind": "nic", "name": "rx-ring"}, "nic0",
                          mock.Mock(read=read)).write("512")
        self.assertEqual(set(asked), {"/sys/class/net/nic0/carrier"})
        return len(asked)

    def test_it_is_waited_for(self):
        self.assertEqual(self.turn("1", "0", "0", None, "1"), 5)

    def test_a_link_that_stays_up_costs_nothing(self):
        self.assertEqual(self.turn("1"), 2)

    def test_what_was_not_there_is_not_waited_for(self):
        self.assertEqual(self.turn("0"), 1)
        self.assertEqual(self.turn(None), 1)

    def test_one_that_does_not_come_back_is_told(self):
        with self.assertRaises(kinds.Missing) as caught:
            self.turn("1", "0")
        self.assertIn("nic0: no carrier", str(caught.exception))


class Options(unittest.TestCase):
    """Of sockets of this kernel."""

    def asked(self, kind, name, value, **read_back):
        return lab.Knobs("", "").apply([{
            "kind": kind, "name": name, "value": value,
            "read_back": read_back}])

    def test_one_that_is_read_back(self):
        done, missing = self.asked(
            "order", "nodelay", "on", level=socket.IPPROTO_TCP,
            option=socket.TCP_NODELAY, doubled=False)
        self.assertEqual((missing, done[0]["found"]), ([], "on"))

    def test_one_that_the_kernel_doubles(self):
        done, missing = self.asked(
            "order", "sndbuf", "8192", level=socket.SOL_SOCKET,
            option=socket.SO_SNDBUF, doubled=True)
        self.assertEqual((missing, done[0]["found"]), ([], "8192"))

    def test_one_that_the_kernel_clamps(self):
        missing = self.asked(
            "socket", "sndbuf", str(1 << 30), level=socket.SOL_SOCKET,
            option=socket.SO_SNDBUF, doubled=True)[1]
        self.assertIn(f"requested {1 << 30}, got", missing[0]["reason"])

    def test_one_that_this_kernel_lacks(self):
        missing = self.asked("socket", "no", "1", level=socket.SOL_SOCKET,
                             option=9999, doubled=False)[1]
        self.assertEqual(missing, [{"knob": "socket no",
                                    "reason": "Protocol not available"}])

    def test_one_that_the_program_alone_reads_back(self):
        done, missing = lab.Knobs("", "").apply(
            [{"kind": "socket", "name": "rcvbuf", "value": "5000"}])
        self.assertEqual((missing, done[0]["found"]), ([], "5000"))


class Words(unittest.TestCase):
    """Two that mean the same."""

    def test_masks(self):
        self.assertEqual(kinds.Queue.normal("00000000,00000002"), "2")

    def test_lists(self):
        self.assertEqual(kinds.Irq.normal("0-2"), kinds.Irq.normal("0,1,2"))

    def test_blanks(self):
        self.assertEqual(kinds.Knob.normal("4096\t131072 6291456"),
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


class Standby(unittest.TestCase):
    """The program that stays, beside itself called anew each time."""

    def program(self, *arguments, **more):
        return subprocess.run(
            [sys.executable, "-S", lab.__file__, *arguments], text=True,
            capture_output=True, check=False, **more)

    def served(self, *requests):
        done = self.program("serve", input="".join(
            json.dumps(request) + "\n" for request in requests))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_it_says_what_it_would_say_by_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            common = ["--record", folder + "/record.json", "--interface", "lo"]
            look = {"kind": "sysctl", "name": "net.core.busy_read"}
            known = ["dump", *common, "--knobs", json.dumps([look])]
            strange = ["apply", *common, "--knobs", json.dumps(
                [{"kind": "sysctl", "name": "net.no.such", "value": 1}])]
            wrong = ["dance", *common]
            requests = [known, strange, wrong, known]
            served = self.served(*({"argv": one} for one in requests))
            for request, answer in zip(requests, served, strict=True):
                alone = self.program(*request)
                self.assertEqual((answer["code"], answer["out"],
                                  answer["err"]),
                                 (alone.returncode, alone.stdout,
                                  alone.stderr))
            self.assertEqual([one["code"] for one in served], [0, 1, 2, 0])

    def test_a_fault_of_one_is_not_the_next_ones(self):
        with tempfile.TemporaryDirectory() as folder:
            known = {"argv": ["dump", "--record", folder + "/record.json"]}
            broken, good = self.served({"argv": 1}, known)
            self.assertEqual(broken["code"], 1)
            self.assertIn("Traceback", broken["err"])
            self.assertEqual(good["code"], 0)

    def test_what_was_looked_at_once_is_looked_at_again(self):
        kinds.shown("cat", "/proc/uptime")
        answers = io.StringIO()
        lab.serve([json.dumps({"argv": ["dance"]})], answers)
        self.assertEqual(kinds.shown.cache_info().currsize, 0)


if __name__ == "__main__":
    unittest.main()
