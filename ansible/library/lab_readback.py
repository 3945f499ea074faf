#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a running guest really has: asked of QEMU and the kernel, not of the
definition, since QEMU clamps and libvirt leaves out without a word."""

DOCUMENTATION = r"""
module: lab_readback
short_description: Read a guest's settings back from the running QEMU
description:
  - By QMP and /proc. Changes nothing.
  - community.libvirt.virt tells the definition, which is not what QEMU and the
    kernel made of it.
attributes:
  check_mode: {support: full, description: Nothing is changed in any mode.}
  diff_mode: {support: none, description: There is none to show.}
options:
  name: {description: Of the domain., type: str, required: true}
  features: {description: CPU features to ask for., type: list, elements: str,
             default: []}
"""

EXAMPLES = r"""
- name: Read back
  lab_readback:
    name: trader
    features: [smap]
"""

RETURN = r"""
found: {description: "What the guest has: pid, accelerator, machine, CPUs and
        their pins, memory and NIC, named as the settings are.", type: dict,
        returned: success}
"""

import json
import os
import re
import xml.etree.ElementTree as xml

try:
    import libvirt
    import libvirt_qemu
except ImportError:
    libvirt = None

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_attachment import OF_XML
from ansible.module_utils.lab_machine import memory_nodes
from ansible.module_utils.lab_nic import MODELS

PERIPHERAL = "/machine/peripheral"
NIC = f"{PERIPHERAL}/ua-lab"
NIC_TYPES = {device: model for model, device in MODELS.items()}
OFFLOADS = ("csum", "gso", "host_tso4", "host_tso6", "host_ecn", "host_ufo",
            "guest_csum", "guest_tso4", "guest_tso6", "guest_ecn",
            "guest_ufo")


# Of settings, the CPU's properties.
CPU_KNOBS = {"kvm_hints": ("kvm-hint-dedicated", "kvm-poll-control"),
             "invtsc": ("invtsc",)}


class Guest:
    """Questions to one domain, over one connection: a virsh for each of some
    thirty takes a second and more."""

    def __init__(self, module):
        self.module = module
        self.name = module.params["name"]
        pid_file = f"/run/libvirt/qemu/{self.name}.pid"
        try:
            with open(pid_file, encoding="ascii") as file:
                self.pid = int(file.read())
        except OSError:
            module.fail_json(msg=f"domain {self.name} does not run")

        # Else each error is written to stderr, too.
        libvirt.registerErrorHandler(lambda *_: None, None)
        try:
            self.domain = libvirt.open("qemu:///system").lookupByName(
                self.name)
        except libvirt.libvirtError as error:
            self.cannot_be_asked(error)

    def cannot_be_asked(self, error):
        self.module.fail_json(msg=f"domain {self.name} can't be asked how it "
                              f"runs: {error}. make up")

    def command(self, command, arguments):
        return json.loads(libvirt_qemu.qemuMonitorCommand(
            self.domain, json.dumps({"execute": command,
                                     "arguments": arguments}), 0))

    def version(self):
        """QEMU's. Who can't be asked for it can't be asked for anything."""
        try:
            said = self.command("query-version", {})
        except libvirt.libvirtError as error:
            self.cannot_be_asked(error)
        return "{major}.{minor}.{micro}".format(**said["return"]["qemu"])

    def ask(self, command, **arguments):
        """None where QEMU has no such thing."""
        try:
            return self.command(command, arguments).get("return")
        except libvirt.libvirtError:
            return None

    def member(self, path, name):
        return self.ask("qom-get", path=path, property=name)

    def switched(self, cpus, *names):
        """on: each of the CPU's properties is; None: QEMU has none such."""
        found = [self.member(cpus[0]["qom-path"], name) for name in names] \
            if cpus else [None]
        return None if None in found else "on" if all(found) else \
            "off" if not any(found) else "in part"

    def human(self, line):
        return self.ask("human-monitor-command", **{"command-line": line})

    def definition(self):
        """Of what runs: for what libvirt itself is to do, not QEMU."""
        return xml.fromstring(self.domain.XMLDesc(0))

    def attachment(self):
        """None of a NIC that is not there."""
        for nic in self.definition().iterfind("devices/*"):
            alias = nic.find("alias")
            if alias is None or alias.get("name") != "ua-lab":
                continue
            return "hostdev" if nic.tag == "hostdev" else OF_XML.get(
                (nic.get("type"), nic.find("virtualport") is not None))
        return None

    def panic(self):
        """What becomes of it then, where QEMU has the device."""
        told = "dev: pvpanic" in (self.human("info qtree") or "")
        return self.definition().findtext("on_crash") if told else None

    def allowed(self, thread):
        """The CPUs that the kernel lets the thread run on."""
        path = f"/proc/{self.pid}/task/{thread}/status"
        with open(path, encoding="ascii", errors="replace") as file:
            return re.search(r"Cpus_allowed_list:\s*(\S+)",
                             file.read()).group(1)

    def policy(self, thread):
        """The thread's real-time priority, 0: none."""
        policy = os.sched_getscheduler(thread)
        if policy not in (os.SCHED_FIFO, os.SCHED_RR):
            return 0
        return os.sched_getparam(thread).sched_priority

    def memory(self):
        """Size of the pages behind the largest mapping, the guest's."""
        largest, page = 0, 0
        with open(f"/proc/{self.pid}/smaps", encoding="ascii",
                  errors="replace") as file:
            size = 0
            for line in file:
                word = line.split()
                if word[0] == "Size:":
                    size = int(word[1])
                elif word[0] == "KernelPageSize:" and size > largest:
                    largest, page = size, int(word[1])
        with open(f"/proc/{self.pid}/status", encoding="ascii",
                  errors="replace") as file:
            locked = int(re.search(r"VmLck:\s*(\d+)", file.read()).group(1))
        summary = self.ask("query-memory-size-summary") or {}
        return {"memory_mib": summary.get("base-memory", 0) >> 20,
                "page_kib": page, "locked": locked > 0,
                "merged": self.member("/machine", "mem-merge"),
                "memory_node": memory_nodes(self.pid)}

    def shared_memory_mib(self):
        """Of the device behind which others' memory stands."""
        found = self.ask("query-memdev")
        return None if found is None else sum(
            device["size"] for device in found
            if device.get("id", "").startswith("shmmem-")
            and device.get("share")) >> 20

    def disk_transient(self):
        """Does the guest write into a layer that goes with QEMU?"""
        return any(".TRANSIENT" in device.get("inserted", {}).get("file", "")
                   for device in self.ask("query-block") or [])

    def disk_threads(self):
        """Which thread serves each disk."""
        found = {}
        for part in self.ask("qom-list", path=PERIPHERAL) or []:
            if not part["name"].startswith("virtio-disk"):
                continue
            thread = self.member(f"{PERIPHERAL}/{part['name']}", "iothread")
            found[part["name"]] = thread if thread is None else \
                thread.rpartition("/")[2] or "none"
        return found

    def iommu(self):
        kind = self.member(f"{PERIPHERAL}/iommu0", "type")
        return "intel" if kind == "intel-iommu" else kind or "none"

    def nic(self):
        kind = self.member(NIC, "type")
        found = {"nic_attachment": self.attachment(),
                 "nic_model": NIC_TYPES.get(kind, kind),
                 "nic_queues": len(re.findall(r"hostua-lab: index=\d+",
                                              self.human("info network")
                                              or "")),
                 "nic_driver": "vhost" if self.vhost() else "qemu"}
        if kind == "virtio-net-pci":
            found["nic_rx_ring"] = self.member(NIC, "rx_queue_size")
            found["nic_tx_ring"] = self.member(NIC, "tx_queue_size")
            for knob in ("packed", "mrg_rxbuf"):
                on = self.member(NIC, knob)
                found[f"nic_{knob}"] = None if on is None else \
                    "on" if on else "off"
            found["nic_offloads"] = {name: self.member(NIC, name)
                                     for name in OFFLOADS}
        return found

    def vhost(self):
        folder = f"/proc/{self.pid}/fd"
        for number in os.listdir(folder):
            try:
                if os.readlink(f"{folder}/{number}") == "/dev/vhost-net":
                    return True
            except OSError:
                continue
        return False

    def look(self):
        version = self.version()
        cpus = self.ask("query-cpus-fast") or []
        iothreads = self.ask("query-iothreads") or []
        machine = self.member("/machine", "type") or ""
        with open(f"/proc/{self.pid}/cmdline", encoding="utf-8",
                  errors="replace") as file:
            command_line = file.read().split("\0")[:-1]
        return {
            "pid": self.pid,
            "qemu": version,
            "command_line": command_line,
            "accelerator": "kvm" if (self.ask("query-kvm") or {}).get("enabled")
            else "tcg",
            "machine": machine.replace("-machine", ""),
            "vcpus": len(cpus),
            "cpu_type": self.member(cpus[0]["qom-path"], "type")
            if cpus else "",
            "cpu_features": {name: self.member(cpus[0]["qom-path"], name)
                             for name in self.module.params["features"]}
            if cpus else {},
            "vcpupin": [self.allowed(cpu["thread-id"]) for cpu in cpus],
            **{knob: self.switched(cpus, *names)
               for knob, names in CPU_KNOBS.items()},
            "emulator_fifo": self.policy(self.pid),
            "iothread_fifo": [self.policy(thread["thread-id"])
                              for thread in iothreads],
            "disk_transient": self.disk_transient(),
            "shared_memory_mib": self.shared_memory_mib(),
            "vcpu_fifo": [self.policy(cpu["thread-id"]) for cpu in cpus],
            "emulatorpin": self.allowed(self.pid),
            "on_crash": self.panic(),
            "iothreads": len(iothreads),
            "disk_threads": self.disk_threads(),
            "iothreadpin": [self.allowed(thread["thread-id"])
                            for thread in iothreads],
            **self.memory(),
            **self.nic(),
            "iommu": self.iommu(),
        }


def main():
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "features": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    if not libvirt:
        module.fail_json(msg="Python has no module libvirt "
                         "here: make deps-lab")
    module.exit_json(changed=False, found=Guest(module).look())


if __name__ == "__main__":
    main()
