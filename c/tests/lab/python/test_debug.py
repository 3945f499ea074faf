# SPDX-License-Identifier: MIT
"""domains/debug: which kernel a guest runs, and whose symbols are taken."""

import bz2
import gzip
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

import support

DEBUG = os.path.join(support.ANSIBLE, "../domains/debug")
sys.path.insert(0, DEBUG)
# pylint: disable=wrong-import-position
import fault  # noqa: E402
import guest  # noqa: E402
import image  # noqa: E402
import symbols  # noqa: E402

ELF, OTHER = "/bin/true", "/bin/cat"
RELEASE = "6.12.1+deb13-amd64"
LACKING = [name for name in ("readelf", "dpkg-deb", "virsh", "zstd")
           if not shutil.which(name)]


def bzimage(path, payload):
    """Of protocol 2.15, with one sector of setup."""
    head = bytearray(1024)
    head[0x1f1] = 1
    head[0x1fe:0x206] = b"\x55\xaa\xeb\x6aHdrS"
    struct.pack_into("<H", head, 0x206, 0x20f)
    struct.pack_into("<H", head, 0x20e, 0x300 - 0x200)
    head[0x300:0x340] = f"{RELEASE} (somebody)".encode().ljust(64, b"\0")
    struct.pack_into("<II", head, 0x248, 16, len(payload))
    with open(path, "wb") as file:
        file.write(head + bytes(16) + payload + b"behind")


@unittest.skipIf(LACKING, f"not installed: {' '.join(LACKING)}")
class Case(unittest.TestCase):
    """In a folder of its own."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.top = top.name
        said = mock.patch.object(symbols, "say")
        said.start()
        self.addCleanup(said.stop)

    def path(self, *names):
        path = os.path.join(self.top, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def refused(self, text, call, *arguments):
        with self.assertRaisesRegex(fault.Fault, text):
            call(*arguments)


class Images(Case):
    """image.py"""

    def test_a_bzimage_has_its_payloads_build_id_however_it_is_packed(self):
        with open(ELF, "rb") as file:
            data = file.read()
        size, path = struct.pack("<I", len(data)), self.path("bzImage")
        zstd = subprocess.run(["zstd", "-c"], input=data, check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout
        for packed in (gzip.compress(data), bz2.compress(data),
                       lzma.compress(data), zstd,
                       lzma.compress(data, lzma.FORMAT_ALONE)):
            bzimage(path, packed + size)
            self.assertEqual(image.build_id_of_bzimage(path),
                             image.build_id(ELF))
        self.assertEqual(image.release(path), RELEASE)

    def test_what_is_no_kernel_is_refused(self):
        self.refused("not a bzImage", image.build_id_of_bzimage, ELF)
        path = self.path("bzImage")
        bzimage(path, b"LZO!" + bytes(64))
        self.refused("packed in a way that is not known: 4c5a4f21",
                     image.build_id_of_bzimage, path)
        bzimage(path, gzip.compress(b"no ELF") + bytes(4))
        self.refused("bzImage", image.build_id_of_bzimage, path)


class Guests(Case):
    """guest.py, before libvirt's own driver for tests."""

    def setUp(self):
        super().setUp()
        self.kernel = self.path("kernels", "stock", "vmlinuz")
        with open(ELF, "rb") as file:
            bzimage(self.kernel, gzip.compress(file.read()) + bytes(4))
        self.node = self.path("node.xml")
        self.sum = image.sha256(self.kernel)

    def guest(self, name="trader", state=1, boot=None, told=None):
        boot = boot or (f"<kernel>{self.kernel}</kernel>"
                        "<cmdline>root=/dev/vda nokaslr</cmdline>")
        with open(self.node, "w", encoding="utf-8") as file:
            file.write(f"""<node><domain type="test"
    xmlns:test="http://libvirt.org/schemas/domain/test/1.0">
  <name>trader</name><memory>8192</memory>
  <os><type>hvm</type>{boot}</os>
  <metadata><lab:lab xmlns:lab="urn:t2t-lab"
    kernel="{(told or self.sum)[:24]}"/></metadata>
  <test:runstate>{state}</test:runstate></domain></node>""")
        return guest.Guest(name, f"test://{self.node}")

    def test_its_kernel_is_found(self):
        self.assertEqual(self.guest().kernel(), self.kernel)
        self.assertEqual(self.guest().arguments(), ["root=/dev/vda", "nokaslr"])

    def test_one_that_there_is_not_is_refused(self):
        self.refused("nobody", self.guest, "nobody")

    def test_one_that_does_not_run_is_refused(self):
        self.refused("trader does not run: make up", self.guest, "trader", 5)

    def test_a_kernel_that_was_made_anew_is_refused(self):
        there = self.guest(told="0" * 64)
        self.refused("runs another kernel than .*vmlinuz is now: make up",
                     there.kernel)
        os.unlink(self.kernel)
        self.refused("is gone", self.guest().kernel)

    def test_a_kernel_of_the_guests_own_is_refused(self):
        self.refused("VMLINUX=FILE",
                     self.guest(boot="<boot dev='hd'/>").kernel)

    def test_the_stub_is_a_socket_that_nobody_else_may_open(self):
        there = self.guest()
        lines = []

        def human(line):
            lines.append(line)
            if line.startswith("gdbserver unix:"):
                with open(line[15:].partition(",")[0], "wb"):
                    pass

        def ask(command, **arguments):
            if command == "qom-get":
                return self.path("libvirt", "master-key.aes")
            lines.append(command)
            return {"running": False}

        with mock.patch.object(there, "human", human), \
                mock.patch.object(there, "ask", ask):
            path = there.open_stub()
            self.assertEqual(os.path.dirname(path), self.path("libvirt"))
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertEqual(
                lines, [f"gdbserver unix:{path},server=on,wait=off"])
            del lines[:]
            there.close_stub()
        self.assertEqual(lines, ["gdbserver none", "query-status", "cont"])
        self.assertFalse(os.path.exists(path))


class Kept(Case):
    """symbols.py, with a package of our own."""

    def setUp(self):
        super().setUp()
        tree = self.path("tree")
        modules = f"tree/usr/lib/debug/lib/modules/{RELEASE}/kernel"
        for source, name in (
                (ELF, f"tree/usr/lib/debug/boot/vmlinux-{RELEASE}"),
                (ELF, f"{modules}/drivers/net/virtio_net.ko"),
                (ELF, f"{modules}/drivers/net/dummy.ko"),
                (ELF, f"{modules}/drivers/virtio/virtio-late.ko")):
            shutil.copy(source, self.path(name))
        with open(self.path("tree/DEBIAN/control"), "w",
                  encoding="ascii") as file:
            file.write("Package: x\nVersion: 1\nArchitecture: all\n"
                       "Maintainer: x\nDescription: x\n")
        self.deb = self.path("x.deb")
        subprocess.run(["dpkg-deb", "-Znone", "--build", tree, self.deb],
                       check=True, stdout=subprocess.DEVNULL)
        self.archive = types.SimpleNamespace(
            download=lambda package, part: shutil.copy(self.deb, part))

    def there(self):
        return sorted(os.path.relpath(os.path.join(top, name), self.top)
                      for top, _, names in os.walk(self.path("lab", ""))
                      for name in names)

    def test_vmlinux_and_the_modules_of_nics_are_kept_by_build(self):
        build = image.build_id(ELF)
        os.makedirs(self.path("lab/symbols/part-of_a_killed"))
        found = symbols.Symbols(self.path("lab"), build)
        self.assertFalse(found.there())
        found.fetch(RELEASE, self.archive)
        self.assertTrue(found.there())
        self.assertEqual(self.there(), ["lab/symbols/.lock"] + [
            f"lab/symbols/{build}/{name}" for name in (
                "modules/virtio_late.ko", "modules/virtio_net.ko", "vmlinux")])
        self.assertEqual(os.listdir(self.path("lab/symbols/")).count(
            "part-of_a_killed"), 0)

    def test_another_kernels_symbols_are_refused_and_nothing_is_kept(self):
        found = symbols.Symbols(self.path("lab"), image.build_id(OTHER))
        self.refused("is of another kernel: its build ID is "
                     f"{image.build_id(ELF)}, the guest's is "
                     f"{image.build_id(OTHER)}: .*VMLINUX=FILE",
                     found.fetch, RELEASE, self.archive)
        self.refused("is of another kernel", found.take, ELF)
        self.assertEqual(found.take(OTHER), OTHER)
        self.assertEqual(self.there(), ["lab/symbols/.lock"])

    def test_a_full_disk_is_told_before_anything_is_fetched(self):
        found = symbols.Symbols(self.path("lab"), image.build_id(ELF))
        with mock.patch.object(shutil, "disk_usage", lambda _:
                               types.SimpleNamespace(free=100 << 20)):
            self.refused("100 MiB are free on its disk, 2200 are needed",
                         found.fetch, RELEASE, None)

    def test_where_a_kernel_is_from(self):
        manifest = {"mirror": "the default of mmdebstrap 1.3", "kernels": {
            "rt": {"source": "linux-image-rt-amd64/trixie"},
            "custom": {"source": "sha256:0123"}}}
        self.refused("the default of mmdebstrap 1.3, which is no address: "
                     "MIRROR=URL", symbols.Archive, manifest, "rt")
        archive = symbols.Archive(manifest, "rt", "http://asked/debian")
        self.assertEqual((archive.mirror, archive.suite),
                         ("http://asked/debian", "trixie"))
        manifest["mirror"] = "http://told/debian"
        archive = symbols.Archive(manifest, "rt")
        self.assertEqual(archive.mirror, "http://told/debian")
        self.refused("custom is no package of Debian's: VMLINUX=FILE",
                     symbols.Archive, manifest, "custom")
        self.refused("no kernel own", symbols.Archive, manifest, "own")
        with mock.patch.object(archive, "apt", side_effect=fault.Fault("E")):
            self.refused("no package linux-image-1-dbg in trixie at http.*"
                         "MIRROR=URL", archive.download,
                         "linux-image-1-dbg", self.top)

    def test_of_the_sources_what_a_packet_passes_is_kept(self):
        for name in ("net/ipv4/udp.c", "drivers/net/virtio_net.c",
                     "include/linux/skbuff.h", "arch/x86/entry/entry_64.S",
                     "kernel/sched/core.c", "net/socket.c"):
            self.assertEqual(symbols.kept_source("linux-source-6.12/" + name),
                             name)
        for name in ("drivers/gpu/drm/x.c", "net/bluetooth/x.c",
                     "include/linux/Kbuild", "../../etc/x.c"):
            self.assertIsNone(symbols.kept_source("linux-source-6.12/" + name))


class Page(unittest.TestCase):
    """README.md, and tests/lab/page.py, by which lab/debug runs it."""

    PAGE = os.path.join(DEBUG, "README.md")

    def setUp(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with mock.patch.object(sys, "path", [os.path.dirname(here)]):
            self.page = support.load(os.path.relpath(
                os.path.join(here, "../page.py"), support.ANSIBLE))

    def said(self, change=lambda lines: lines):
        """What gdb says where it says what is shown: what is lacking."""
        with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as file:
            for number, lines in self.page.shown(self.PAGE).items():
                if number:
                    print(self.page.MARK.format(number), file=file)
                print("\n".join(change(lines)), file=file)
            file.flush()
            return list(self.page.lacking(self.PAGE, file.name))

    def test_what_is_shown_is_what_is_looked_for(self):
        self.assertEqual(self.said(), [])
        self.assertEqual(self.said(lambda lines: [
            line.replace("...", "0xffffffff81a16fa0 in") for line in lines]),
            [])
        shown = self.page.shown(self.PAGE)
        self.assertEqual(sorted(shown), [0, 1, 2, 3, 4])
        for number in shown:  # each of its lines, and their order
            self.assertEqual(len([line for line in self.said(
                lambda lines, wrong=shown[number]:
                ["..."] if lines == wrong else lines)]), len(shown[number]))
        self.assertNotEqual(self.said(lambda lines: lines[::-1]), [])

    def test_its_commands_come_block_by_block(self):
        lines = list(self.page.commands(self.PAGE))
        self.assertEqual([line for line in lines if "block" in line],
                         [f"echo \\n== block {i} ==\\n" for i in range(1, 5)])
        self.assertEqual(len([line for line in lines
                              if line.startswith("thbreak ")]), 4)


class Dumps(unittest.TestCase):
    """Which commands open one."""

    def test_in_the_build_root_where_it_sees_the_files(self):
        with mock.patch.dict(sys.modules):
            main = support.load("../domains/debug/__main__.py")
        top = os.path.realpath(os.path.join(DEBUG, "../.."))
        self.assertEqual(
            main.openers(f"{top}/results/a b/m", f"{top}/x/vmlinux"),
            ["images/in-root crash x/vmlinux 'results/a b/m'",
             "images/in-root drgn -c 'results/a b/m' -s x/vmlinux"])
        self.assertEqual(main.openers(f"{top}/m", "/tmp/vmlinux")[0],
                         f"crash /tmp/vmlinux {top}/m")


@unittest.skipUnless(shutil.which("make"), "not installed: make")
class Verbs(unittest.TestCase):
    """Of the Makefile."""

    def test_a_guest_that_there_is_not_is_refused(self):
        for verb in ("debug", "crash", "console"):
            with tempfile.TemporaryDirectory() as lab:
                with open(f"{lab}/ssh_config", "w", encoding="utf-8") as file:
                    file.write("Host trader t-trader\nHost *\n")
                done = subprocess.run(
                    ["make", "-C", os.path.join(DEBUG, "../.."), "-o",
                     "deps-debug", verb, "GUEST=nobody",
                     f"LAB_FOLDER={lab}"], check=False, text=True,
                    capture_output=True)
                self.assertIn(f"make {verb}: no guest nobody in the lab in "
                              f"{lab}\n", done.stderr)
                self.assertNotEqual(done.returncode, 0)


class InGdb(unittest.TestCase):
    """kernel.py, in the place of what gdb gives it."""

    def load(self, gate, link):
        low = struct.pack("<HHHHII", gate & 0xffff, 16, 0x8e00,
                          gate >> 16 & 0xffff, gate >> 32, 0)
        inferior = types.SimpleNamespace(
            read_memory=lambda address, length: low[:length])
        fake = types.SimpleNamespace(
            Command=type("Command", (), {"__init__": lambda *_: None}),
            COMMAND_FILES=0, GdbError=RuntimeError,
            parse_and_eval=lambda _: link,
            selected_inferior=lambda: inferior,
            execute=lambda *_, **__: "GDT=     0 7f\nIDT=     fffffe0000000000"
                                     " 00000fff\n")
        with mock.patch.dict(sys.modules, {"gdb": fake}):
            return support.load("../domains/debug/kernel.py")

    def test_kaslr_is_seen_by_the_first_gate(self):
        link = 0xffffffff81e01030
        for moved in (0, 0x200000, 0x2ba00000):
            self.assertEqual(self.load(link + moved, link).kaslr(), moved)

    def test_another_kernels_gate_is_refused(self):
        link = 0xffffffff81e01030
        for gate in (link + 0x1234, link - 0x200000, 0):
            with self.assertRaisesRegex(RuntimeError, "another kernel's"):
                self.load(gate, link).kaslr()
