# SPDX-License-Identifier: MIT
"""How the NIC under test is attached to what carries its packets: what this
host has for it, and what does not go together."""

import glob
import json
import os
import re

try:
    from ansible.module_utils.lab_row import must, row
except ImportError:  # in filters and tests: beside this file
    from lab_row import must, row

# libvirt's type of interface, and whether a virtual port is in it -> ours.
OF_XML = {("bridge", False): "bridge", ("bridge", True): "ovs",
          ("direct", False): "macvtap", ("hostdev", False): "hostdev",
          ("vhostuser", False): "vhostuser"}
# Those that have a link of the host's, on which a wiretap can listen.
WITH_LINK = ("bridge", "macvtap", "ovs")
PCI = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def module(name, root=""):
    """Can the kernel load it?"""
    folder = f"{root}/lib/modules/{os.uname().release}"
    return any(re.search(rf"/{name}\.ko", read(f"{folder}/{list_}"))
               for list_ in ("modules.dep", "modules.builtin"))


def macvtap(root):
    """Why there is none; "" if there is."""
    if not re.search(r"^\s*\d+ macvtap$", read(f"{root}/proc/devices"), re.M) \
            and not module("macvtap", root):
        return "this kernel has no macvtap"
    if not re.search(r"^\S+ /dev devtmpfs ", read(f"{root}/proc/mounts"),
                     re.M) and not os.path.exists(f"{root}/run/udev/control"):
        return "nobody makes /dev/tapN here: no devtmpfs, no udev"
    return ""


def hostdev(root):
    if not glob.glob(f"{root}/sys/kernel/iommu_groups/*"):
        return "no IOMMU: switch it on (intel_iommu=on, or AMD's in the BIOS)"
    if not os.path.exists(f"{root}/sys/module/vfio_pci") and \
            not module("vfio-pci", root):
        return "this kernel has no vfio-pci"
    return ""


def bridges_of_ovs(output):
    """None where there is no Open vSwitch that answers."""
    found = output("ovs-vsctl", "--timeout=5", "--format=json",
                   "--columns=name", "list", "bridge")
    return [name for name, in json.loads(found)["data"]] if found else None


def nics(root):
    """Of PCI, by address: is it a virtual function, and which MAC has it
    while the host drives it?"""
    return {os.path.basename(path): {
        "virtual": os.path.exists(f"{path}/physfn"),
        "mac": next(map(str.strip, map(read, glob.glob(
            f"{path}/net/*/address"))), "")}
        for path in glob.glob(f"{root}/sys/bus/pci/devices/*")
        if read(f"{path}/class").startswith("0x02")}


def found(output, root=""):
    """lacks: way -> why this host has it not."""
    bridges = bridges_of_ovs(output)
    return {"lacks": {"bridge": "", "vhostuser": "",
                      "macvtap": macvtap(root), "hostdev": hostdev(root),
                      "ovs": "no Open vSwitch answers: ovs-vsctl"
                      if bridges is None else ""},
            "ovs_bridges": bridges or [], "nics": nics(root),
            "sockets": [line.split()[-1] for line in
                        read(f"{root}/proc/net/unix").splitlines()
                        if "/" in line]}


def source_fault(domain, facts, host_exchange):
    """What is wrong with its source: (found, wanted)."""
    way, source = domain["nic_attachment"], domain["nic_source"]
    there = facts["attachment"]
    if way == "bridge" and source:
        return source, "none: it is domain_bridge_lab"
    if way == "macvtap":
        if source and source not in facts["links"]:
            return source, "a link of this host"
        if host_exchange and not source:
            return ("the lab's bridge, from which a macvtap does not reach "
                    "this host", "exchange_place=vm, or a NIC that leads to "
                    "the exchange")
    if way == "ovs" and source not in there["ovs_bridges"]:
        return source or "none", "a bridge of Open vSwitch: " + (
            " ".join(there["ovs_bridges"]) or "there is none")
    if way == "vhostuser":
        if not source.startswith("/"):
            return source or "none", "the path of a socket"
        if domain["nic_socket"] == "client" and source not in there["sockets"]:
            return f"{source}: nobody listens", \
                "a vhost-user backend there, or domain_nic_socket=server"
    if way == "hostdev":
        nic = there["nics"].get(source)
        if not PCI.fullmatch(source) or not nic:
            return source or "none", "a NIC's PCI address: " + (
                " ".join(sorted(there["nics"])) or "there is none")
        if not nic["virtual"] and nic["mac"] not in ("", domain["mac_lab"]):
            return (f"{source} is a whole card with MAC {nic['mac']}",
                    f"domain_mac_lab={nic['mac']}")
    return None


def together_faults(domain):
    """(knob, found, wanted) of what does not go with the way."""
    way = domain["nic_attachment"]
    if way == "vhostuser" and domain["nic_model"] != "virtio":
        yield "nic_model", domain["nic_model"], "virtio: vhostuser is its own"
    if way == "vhostuser" and domain["nic_driver"] == "vhost":
        yield ("nic_driver", "vhost", "auto: with vhostuser the other "
               "process moves packets")
    if way == "hostdev":
        for knob, standard in (("nic_model", "virtio"), ("nic_queues", 1),
                               ("nic_driver", "qemu"),
                               ("nic_packed", "default"),
                               ("nic_mrg_rxbuf", "default")):
            if str(domain[knob]) != str(standard):
                yield (knob, domain[knob], f"{standard}, as it is: hostdev "
                       "brings the NIC itself")


def rows(name, domain, facts, host_exchange):
    """The doctor's, of one guest."""
    way, told = domain["nic_attachment"], []
    lacks = facts["attachment"]["lacks"].get(way)
    if lacks:
        return [must(f"{name}: domain_nic_attachment", f"{way}: {lacks}",
                     "what this host has", False,
                     f"set domain_nic_attachment of {name} to bridge")]
    fault = source_fault(domain, facts, host_exchange)
    if fault:
        told.append(must(f"{name}: domain_nic_source", *fault, False,
                         f"set domain_nic_source of {name}, or its "
                         "domain_nic_attachment to bridge"))
    told += [must(f"{name}: domain_{knob}", found_, wanted, False,
                  f"set domain_{knob} of {name} to that, or its "
                  "domain_nic_attachment to bridge")
             for knob, found_, wanted in together_faults(domain)]
    if way not in WITH_LINK and domain["role"] == "trader":
        told.append(row(f"{name}: wiretap", f"no link of this host with {way}",
                        "a place to listen", "note",
                        "it listens at the exchange's end; where that is "
                        "none, set experiment_wiretap_interface to a mirror "
                        "port"))
    return told
