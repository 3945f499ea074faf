# SPDX-License-Identifier: MIT
"""A guest as libvirt has it: which kernel it runs, and what QEMU does for who
looks at it. virsh's messages are shown as they are."""

import json
import os
import xml.etree.ElementTree as xml

import image
from fault import Fault, run

LAB = "{urn:t2t-lab}lab"
# What QEMU calls the object whose file lies in libvirt's folder of a domain.
SECRET = "/objects/masterKey0"
# Of kernel and initrd, as domains/parts/metadata.xml.j2 has it.
SUM_LENGTH = 24


class Guest:
    """By the domain's name; it has to run."""

    def __init__(self, name, connect="qemu:///system"):
        self.name, self.connect = name, connect
        self.xml = xml.fromstring(self.virsh("dumpxml", name))
        if self.state() not in ("running", "paused"):
            raise Fault(f"{name} does not run: make up")

    def virsh(self, *arguments):
        return run("virsh", "--connect", self.connect, *arguments, text=True)

    def state(self):
        """running, paused, shut off ...: virsh(1), domstate."""
        return self.virsh("domstate", self.name).strip()

    def text(self, path):
        return (self.xml.findtext(path) or "").strip()

    def kernel(self):
        """The path of its bzImage, which has to be what it was when the guest
        was started."""
        path = self.text("os/kernel")
        if not path:
            raise Fault(f"{self.name} brings a kernel of its own: which one is "
                        "not known from outside; VMLINUX=FILE names it")
        lab = self.xml.find(f"metadata/{LAB}")
        told = "" if lab is None else lab.get("kernel", "")
        if not os.path.exists(path):
            raise Fault(f"{path}, which {self.name} was started with, is gone: "
                        "make image and make up")
        if told and not image.sha256(path).startswith(told[:SUM_LENGTH]):
            raise Fault(f"{self.name} runs another kernel than {path} is now: "
                        "make up starts it with that one")
        return path

    def ask(self, command, **arguments):
        request = json.dumps({"execute": command, "arguments": arguments})
        answer = json.loads(self.virsh("qemu-monitor-command", self.name,
                                       request))
        if "error" in answer:
            raise Fault(f"QEMU of {self.name}: {answer['error']['desc']}")
        return answer["return"]

    def human(self, line):
        return self.ask("human-monitor-command",
                        **{"command-line": line}).strip()

    def socket(self):
        """Where its gdb stub is to listen: in libvirt's own folder of the
        domain, which nobody but QEMU's user and root may enter, where AppArmor
        and SELinux let QEMU make sockets, and which goes with the domain."""
        secret = self.ask("qom-get", path=SECRET, property="file")
        return os.path.join(os.path.dirname(secret), "gdb.sock")

    def open_stub(self):
        """The path of the stub's socket: gdb(1), "target remote". Nobody but
        QEMU's user and root may open it."""
        path = self.socket()
        said = self.human(f"gdbserver unix:{path},server=on,wait=off")
        if not os.path.exists(path):
            raise Fault(f"QEMU of {self.name}: no gdb stub: {said}")
        os.chmod(path, 0o600)
        return path

    def close_stub(self):
        """However gdb ended: the guest goes on, without breakpoints."""
        if self.state() not in ("running", "paused"):
            return
        self.human("gdbserver none")
        if os.path.exists(self.socket()):
            os.unlink(self.socket())
        # Of QEMU itself: libvirt hears of it by an event, and may be late.
        if not self.ask("query-status")["running"]:
            self.ask("cont")

    def dump(self, path):
        """Its memory, all of it, as an ELF core file (elf(5)), as large as the
        memory is: drgn does not read the compressed format as QEMU writes it,
        and crash reads both. The guest stands still meanwhile."""
        self.virsh("dump", "--memory-only", "--format", "elf",
                   self.name, path)

    def arguments(self):
        """Of its kernel's command line."""
        return self.text("os/cmdline").split()
