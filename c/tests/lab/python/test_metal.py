# SPDX-License-Identifier: MIT
"""The doctor of real machines: library/lab_metal.py, what is made of it, and
host keys."""

import copy
import tempfile
import unittest

import support

support.stand_in()
metal = support.load("library/lab_metal.py")
checks = support.load("filter_plugins/lab_metal.py")

FOUND = {
    "link": {"up": True, "carrier": True, "mtu": 1500,
             "addresses": ["10.77.0.2"]},
    "route": {"dev": "eth1", "gateway": "", "source": "10.77.0.2"},
    "clock": {"synchronised": True, "max_error_us": 1500, "source": "tsc"},
    "programs": [], "tuned": "",
    "arguments": ["quiet", "intel_idle.max_cstate=1"],
    "cpus": {"online": "0-7", "isolated": "2-3", "nohz_full": "2-3"},
    "governors": ["performance"], "stamps": "all",
    "scratch": {"type": "ext4", "free": 100 << 30},
    "libraries": [], "c_library": "glibc 2.41",
    "for_programs": {"modules": ["vfio-pci", "uio_pci_generic"],
                     "iommu": True, "huge_pages": 0},
}
MACHINE = {"interface": "eth1", "address": "10.77.0.2", "peer": "10.77.0.1",
           "cpus": "2-3", "scratch": "/var/lib/t2t", "stamps": "auto",
           "taps_alone": False, "c_library": "glibc 2.36"}
KEY = {"host": "trader.example", "known": True}


def merged(base, changes):
    whole = copy.deepcopy(base)
    for key, value in changes.items():
        whole[key] = merged(whole[key], value) if isinstance(
            value, dict) and isinstance(whole.get(key), dict) else value
    return whole


class Rows(unittest.TestCase):
    """What is not as it should be has a row that says so."""

    def rows(self, found=None, machine=None, key=None):
        return checks.checks(
            {"trader": merged(MACHINE, machine or {})},
            {"trader": {"metal": merged(FOUND, found or {})}},
            {"trader": KEY if key is None else key})

    def only(self, check, state, told, found=None, machine=None, key=None):
        """That row alone is not ok."""
        bad = [row for row in self.rows(found, machine, key)
               if row["state"] != "ok"]
        self.assertEqual([(row["check"], row["state"]) for row in bad],
                         [("trader: " + check, state)])
        self.assertIn(told, bad[0]["found"])
        self.assertTrue(bad[0]["mend"])

    def test_a_machine_that_has_all(self):
        rows = self.rows(machine={"taps_alone": True})
        self.assertEqual([row for row in rows if row["state"] != "ok"], [])
        self.assertEqual(len(rows), 20)

    def test_the_wire(self):
        self.assertEqual(
            [row["check"] for row in self.rows({"link": None})
             if row["state"] == "FAIL"], ["trader: interface"])
        self.only("carrier", "FAIL", "no carrier", {"link": {
            "carrier": False}})
        self.only("carrier", "FAIL", "down", {"link": {
            "carrier": False, "up": False}})
        self.only("address", "FAIL", "10.0.0.9", {"link": {
            "addresses": ["10.0.0.9"]}})
        self.only("address", "FAIL", "none", {"link": {"addresses": []}})

    def test_the_route(self):
        check = "route to 10.77.0.1"
        self.only(check, "FAIL", "eth0", {"route": {"dev": "eth0"}})
        self.only(check, "FAIL", "through 10.77.0.9", {"route": {
            "gateway": "10.77.0.9"}})
        self.only(check, "FAIL", "none", {"route": None})

    def test_the_clock(self):
        self.only("clock", "note", "not synchronised", {"clock": {
            "synchronised": False}})
        self.only("clock source", "note", "hpet", {"clock": {
            "source": "hpet"}})

    def test_who_else_turns_things(self):
        self.only("irqbalance", "note", "runs", {"programs": ["irqbalance"]})
        self.only("TuneD and its kin", "note", "profile balanced", {
            "programs": ["tuned"], "tuned": "balanced"})
        self.only("TuneD and its kin", "note", "tlp", {"programs": ["tlp"]})
        self.only("governor", "note", "powersave", {
            "governors": ["performance", "powersave"]})
        good = self.rows({"programs": ["tuned"], "tuned": "network-latency"})
        self.assertTrue(all(row["state"] == "ok" for row in good))

    def test_cpus_and_the_kernels_arguments(self):
        self.only("isolcpus", "note", "none", {"cpus": {"isolated": ""}})
        self.only("nohz_full", "note", "none", {"cpus": {
            "nohz_full": "(null)"}})
        self.only("nohz_full", "note", "4-5", {"cpus": {"nohz_full": "4-5"}})
        self.only("idle states", "note", "all", {"arguments": ["quiet"]})
        self.only("experiment_cpus", "FAIL", "two", machine={"cpus": "two"})
        bad = [row["check"] for row in self.rows(machine={"cpus": "9"})
               if row["state"] == "FAIL"]
        self.assertEqual(bad, ["trader: experiment_cpus"])

    def test_programs_and_files(self):
        self.only("libraries", "FAIL", "libxdp.so.1", {
            "libraries": ["libxdp.so.1"]})
        self.only("C library", "FAIL", "glibc 2.31", {
            "c_library": "glibc 2.31"})
        # Of a build root: another row's business.
        self.rows({"c_library": ""}, {"c_library": ""})
        self.only("experiment_scratch", "FAIL", "tmpfs", {
            "scratch": {"type": "tmpfs"}})
        self.only("room for captures", "note", "0.5 GiB", {
            "scratch": {"free": 1 << 29}})

    def test_by_what_dpdk_could_have_the_nic(self):
        there = {"modules": ["uio_pci_generic"], "huge_pages": 64}
        self.assertEqual([row["found"] for row in self.rows(
            {"for_programs": there}) if "DPDK" in row["check"]],
                         ["uio_pci_generic"])
        self.only("DPDK on the NIC", "note", "vfio-pci lacks an IOMMU; "
                  "uio_pci_generic lacks huge pages", {
                      "for_programs": {"iommu": False}})
        self.only("DPDK on the NIC", "note", "vfio-pci lacks its module and "
                  "an IOMMU; uio_pci_generic lacks its module and huge pages",
                  {"for_programs": {"modules": [], "iommu": False}})

    def test_stamps_where_the_wiretap_has_a_machine_of_its_own(self):
        for stamps, state in (("auto", "note"), ("kernel", "note"),
                              ("hardware", "FAIL")):
            self.only("stamps", state, "the kernel's alone", {
                "stamps": "none"}, {"taps_alone": True, "stamps": stamps})
            self.only("stamps", state, "of PTP alone", {
                "stamps": "ptp"}, {"taps_alone": True, "stamps": stamps})
        self.only("stamps", "note", "no ethtool", {"stamps": None},
                  {"taps_alone": True})

    def test_host_keys(self):
        self.only("host key", "note", "[a]:22", key={
            "host": "[a]:22", "known": False})
        told = [row["check"] for row in self.rows(key={})]
        self.assertNotIn("trader: host key", told)

    def test_who_is_not_reached_has_one_row(self):
        for looked, told in (
                ({"unreachable": True, "msg": "Permission denied"},
                 "Permission denied"),
                ({"unreachable": True, "msg": "Make sure this host can be "
                  "reached over ssh: ssh: no such host"},
                 "ssh: no such host"),
                ({"failed": True, "msg": "Missing sudo password\nmore"},
                 "Missing sudo password"),
                ({"failed": True, "module_stderr": "\nno python3"},
                 "no python3"),
                ({"msg": "Task failed: x does not answer"},
                 "x does not answer"), ({}, "no answer")):
            row, = checks.checks({"trader": MACHINE}, {"trader": looked}, {})
            self.assertEqual((row["check"], row["found"], row["state"]),
                             ("trader: reached", told, "FAIL"))

    def test_one_address_at_both_ends(self):
        rows = checks.checks(
            {"a": MACHINE, "b": dict(MACHINE, taps_alone=True)},
            {name: {"metal": FOUND} for name in "ab"}, {})
        self.assertEqual([row["check"] for row in rows
                          if row["state"] == "FAIL"],
                         ["a: experiment_address"])


class Keys(unittest.TestCase):
    """As ssh(1) and ssh-keygen(1) answer."""

    def asked(self, settings, known, **variables):
        def answer(program, *words):
            self.words = [program, *words]
            if program == "ssh":
                return settings
            return "found" if words[1] == known else ""
        return checks.host_key(variables, "trader", answer)

    def test_by_the_name_that_ssh_uses(self):
        settings = ("hostname t.example\nport 22\n"
                    "userknownhostsfile /a /b\nglobalknownhostsfile /c\n")
        self.assertEqual(self.asked(settings, "t.example"),
                         {"host": "t.example", "known": True})
        self.assertFalse(self.asked(settings, "other")["known"])
        self.assertEqual(
            self.asked(settings.replace("22", "2222"), "")["host"],
            "[t.example]:2222")
        self.assertEqual(
            self.asked(settings + "hostkeyalias one\n", "one"),
            {"host": "one", "known": True})

    def test_it_is_asked_as_ansible_asks(self):
        self.asked("", "", ansible_host="t", ansible_port=7,
                   ansible_ssh_common_args="-o A=b")
        self.assertEqual(self.words[0], "ssh")

    def test_who_is_not_reached_by_ssh_has_none(self):
        self.assertIsNone(self.asked("", "", ansible_connection="local"))


class Facts(unittest.TestCase):
    """On this machine, and by what programs say."""

    TABLE = ("1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
             "2 1 0:9 / /run rw - tmpfs tmpfs rw\n"
             "3 1 0:8 / /proc rw - proc proc rw\n"
             "4 1 8:2 / /proc/a\\040b rw - xfs /dev/sdb rw\n")

    def test_the_file_system_of_a_folder_that_is_not_there_yet(self):
        for path, kind in (("/run/t2t-none/a", "tmpfs"), ("/", "ext4"),
                           ("/runner", "ext4"), ("/proc/nothing", "proc")):
            self.assertEqual(metal.file_system(path, self.TABLE), kind, path)

    def test_what_is_here_has_one(self):
        self.assertTrue(metal.file_system("/"))
        self.assertGreater(metal.free_bytes("/t2t-none/a"), 0)

    def test_the_clock_is_asked(self):
        found = metal.clock()
        self.assertIn(found["synchronised"], (True, False))
        self.assertGreaterEqual(found["max_error_us"], 0)

    def test_libraries_are_loaded(self):
        self.assertEqual(
            metal.missing(["libc.so.6", "libt2t-none.so.3"]),
            ["libt2t-none.so.3"])
        self.assertEqual(checks.libraries(
            " 0x1 (NEEDED)  Shared library: [libb.so.1]\n"
            " 0x1 (NEEDED)  Shared library: [liba.so.1]\n"
            " 0x1 (NEEDED)  Shared library: [libb.so.1]\n"
            " 0xe (SONAME)  Library soname: [no]\n"),
            ["liba.so.1", "libb.so.1"])

    def test_modules_are_looked_up_where_depmod_put_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (
                    ("modules.dep",
                     "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/a.ko\n"
                     "kernel/drivers/uio/uio.ko:\n"),
                    ("modules.builtin", "kernel/drivers/net/tun.ko\n")):
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            self.assertEqual(metal.modules_there(
                ("uio_pci_generic", "vfio-pci", "uio", "tun"), folder),
                             ["vfio-pci", "uio", "tun"])
            self.assertEqual(metal.modules_there(("tun",), folder + "/no"), [])

    def test_what_ethtool_says_of_stamps(self):
        def said(capability, *filters, code=0):
            text = (f"Capabilities:\n\t{capability}\n"
                    "PTP Hardware Clock: 0\nHardware Receive Filter Modes:"
                    + "".join(f"\n\t{one}" for one in filters))
            return metal.stamps(lambda _: (code, text, ""), "eth1")
        self.assertEqual(said("hardware-receive", "none", "all"), "all")
        self.assertEqual(said("hardware-receive", "all", "some"), "all")
        # As igb's 82576 has them.
        self.assertEqual(said("hardware-receive", "none", "ptpv1-l4-sync",
                              "ptpv2-event"), "ptp")
        self.assertEqual(said("hardware-receive", "none"), "none")
        self.assertEqual(said("hardware-receive"), "none")
        self.assertEqual(said("software-receive", " none", "all"), "none")
        self.assertIsNone(said("", code=1))

    def test_links_and_routes(self):
        def run(command):
            return 0, {"address": '[{"flags": ["UP", "LOWER_UP"], "mtu": 9, '
                       '"addr_info": [{"family": "inet", "local": "1.2.3.4"},'
                       '{"family": "inet6", "local": "::1"}]}]',
                       "-4": '[{"dst": "1.2.3.5", "dev": "e", '
                       '"prefsrc": "1.2.3.4"}]'}[command[2]], ""
        self.assertEqual(metal.link(run, "e"), {
            "up": True, "carrier": True, "mtu": 9, "addresses": ["1.2.3.4"]})
        self.assertEqual(metal.route(run, "1.2.3.5"), {
            "dev": "e", "gateway": "", "source": "1.2.3.4"})
        self.assertIsNone(metal.link(lambda _: (1, "", "no"), "e"))
        self.assertIsNone(metal.route(lambda _: (2, "", "no"), "1.2.3.5"))


if __name__ == "__main__":
    unittest.main()
