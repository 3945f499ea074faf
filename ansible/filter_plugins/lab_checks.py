# SPDX-License-Identifier: MIT
"""All that the doctor checks."""

import ipaddress
import os
import re
import sys
import xml.etree.ElementTree as xml

# Filters find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable=wrong-import-position
import lab_attachment  # noqa: E402
from lab_machine_rows import cpu_rows, memory_rows  # noqa: E402
from lab_nic import MODELS  # noqa: E402
from lab_routes import in_the_way  # noqa: E402
from lab_row import must, row  # noqa: E402
from lab_setting import out_of_range  # noqa: E402

GIB = 1 << 30
IMAGE_BYTES = 6 * GIB  # root, build root and archives while it is made
VIRTIO_RINGS = (256, 512, 1024)  # descriptors that QEMU takes
GUEST_BYTES = 1 * GIB  # what a guest writes over the image


def kvm_row(facts, plan):
    kvm = facts["kvm"]
    found = "{}, {}, {}".format(
        "CPU flag" if kvm["flag"] else "no CPU flag (vmx, svm)",
        "/dev/kvm" if kvm["device"] else "no /dev/kvm",
        {True: "a kernel booted", False: "a kernel did not boot",
         None: "no boot tried"}[kvm["boot"]])
    good = kvm["flag"] and kvm["device"] and kvm["boot"]
    forced = [name for name, domain in plan.items()
              if domain["accelerator"] == "kvm"]
    if not kvm["flag"]:
        mend = ("switch virtualisation on in the firmware, or nesting on in "
                "the hypervisor below; until then guests run under TCG")
    elif not kvm["device"]:
        mend = "modprobe kvm_intel || modprobe kvm_amd"
    elif kvm["boot"] is None:
        mend = "make image: a kernel to try it with"
    else:
        mend = ("/dev/kvm does not carry a guest here; guests run under TCG "
                "until the next boot, or make teardown and up")
    if forced and not good:
        mend = (f"domain_accelerator is kvm for {', '.join(forced)}; set it "
                "to auto or tcg")
    return row("KVM", found, "all three",
               "ok" if good else "FAIL" if forced else "note", mend)


def record_of(facts, kind):
    return [made for made in facts["record"] if made["kind"] == kind]


def nic_rows(name, domain, facts):
    model, rows = domain["nic_model"], []
    mend = f"set domain_nic_model of {name} to one that QEMU has"
    if model not in MODELS:
        return [must(f"{name}: domain_nic_model", model,
                     "one of " + " ".join(MODELS), False, mend)]
    there = MODELS[model] in facts["emulator"]["devices"]
    rows.append(must(f"{name}: domain_nic_model",
                     f"{model}" + ("" if there else
                                   f", not in QEMU {facts['emulator']['version']}"),
                     "a NIC that QEMU has", there, mend))
    if model != "virtio":
        for knob, standard in (("queues", 1), ("driver", "qemu"),
                               ("packed", "default"),
                               ("mrg_rxbuf", "default")):
            value = domain[f"nic_{knob}"]
            if str(value) != str(standard):
                rows.append(must(f"{name}: domain_nic_{knob}", value,
                                 f"{standard}: {model} has nothing else",
                                 False, f"unset domain_nic_{knob} of {name}, "
                                 "or take domain_nic_model virtio"))
    elif int(domain["nic_queues"]) > int(domain["vcpus"]):
        rows.append(must(f"{name}: domain_nic_queues", domain["nic_queues"],
                         f"at most domain_vcpus, {domain['vcpus']}", False,
                         "a queue more than vCPUs is never served: raise "
                         "domain_vcpus or lower domain_nic_queues"))
    return rows


def kvm_knob_rows(name, domain, facts):
    """What KVM alone has; and what it can't make of this CPU."""
    for knob, lacks in (("kvm_hints", ""),
                        ("invtsc", "" if facts["invtsc"] else
                         "this CPU's TSC is not invariant")):
        found = "the guest runs under TCG" \
            if domain["accelerator"] != "kvm" else lacks
        if domain[knob] == "on" and found:
            yield must(f"{name}: domain_{knob}", found,
                       "KVM" if "TCG" in found else "constant_tsc, "
                       "nonstop_tsc", False,
                       f"set domain_{knob} of {name} to auto or off")


def shared_row(name, domain, facts):
    """Memory that guests share needs its device."""
    if not int(domain["shared_memory_mib"]):
        return []
    there = "ivshmem-plain" in facts["emulator"]["devices"]
    return [must(f"{name}: domain_shared_memory_mib",
                 "QEMU has no ivshmem-plain" if not there else
                 f"{domain['shared_memory_mib']} MiB", "a QEMU that has it",
                 there, f"set domain_shared_memory_mib of {name} to 0")]


def place_row(name, domain):
    """PCI Express is of q35, and of the devices that are made for it."""
    place, machine = domain["nic_pcie"], domain["machine"]
    if place == "auto" or "q35" in machine:
        return []
    return [must(f"{name}: domain_nic_pcie", f"{place} on {machine}",
                 "auto: that board has no PCI Express", False,
                 f"set domain_machine of {name} to q35, or domain_nic_pcie "
                 "to auto")]


def iommu_row(name, domain, emulator):
    """Of the board with PCI Express."""
    if domain["iommu"] == "none":
        return []
    if "intel-iommu" not in emulator["devices"]:
        return [must(f"{name}: domain_iommu", "no intel-iommu in QEMU "
                     + emulator["version"], "intel-iommu", False,
                     f"set domain_iommu of {name} to none: a NIC is then "
                     "given to programs by uio_pci_generic")]
    if "q35" in domain["machine"]:
        return []
    return [must(f"{name}: domain_iommu", f"{domain['iommu']} on "
                 f"{domain['machine']}", "none: that board has none", False,
                 f"set domain_machine of {name} to q35, or domain_iommu to "
                 "none")]


def size_rows(name, domain):
    """Numbers that neither QEMU nor libvirt takes."""
    rows = []
    for knob, found, wanted in out_of_range(domain):
        rows.append(must(f"{name}: domain_{knob}", found, wanted, False,
                         f"set domain_{knob} of {name} to that"))
    for knob in ("nic_rx_ring", "nic_tx_ring"):
        ring = int(domain[knob])
        if domain["nic_model"] == "virtio" and ring > 0 \
                and ring not in VIRTIO_RINGS:
            rows.append(must(f"{name}: domain_{knob}", ring,
                             " ".join(map(str, VIRTIO_RINGS)), False,
                             f"set domain_{knob} of {name} to one of these"))
    return rows


def xml_fault(text):
    """What keeps it from standing in a definition; "" if nothing does."""
    try:
        root = xml.fromstring(
            "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
            f"{text}</domain>")
    except xml.ParseError as error:
        said = str(error).partition(":")[0]
        return f"line {error.position[0]}: {said}"
    # libvirt would leave it out without a word.
    words = "".join([root.text or "", *(one.tail or "" for one in root)])
    return f"no element: {words.split()[0]}" if words.split() else ""


def raw_rows(name, domain):
    """Before anything is changed; libvirt looks at it much later."""
    faults = [(knob, xml_fault(domain[knob]))
              for knob in ("raw_devices", "raw_xml")]
    return [must(f"{name}: domain_{knob}", fault, "XML elements", False,
                 f"mend domain_{knob} of {name}")
            for knob, fault in faults if fault]


def image_row(settings):
    """make up makes it beforehand; ansible-playbook up.yml does not."""
    return row("image", "there" if settings["image"] else "not made",
               settings["images"], "ok" if settings["image"] else
               "FAIL" if settings["strict"] else "note", "make image")


def folder_row(facts, settings):
    amiss = facts["folder_fault"] or (
        "" if facts["folder_writable"] else "can't be written")
    return must("the lab's folder", settings["folder"] +
                (f": {amiss}" if amiss else ""),
                "writable, and empty or a lab's", not amiss,
                "set LAB_FOLDER to another one")


def kernel_row(name, domain, settings):
    kernels = settings["kernels"]
    # No image yet; or one of one's own, which boots by itself.
    if not kernels or domain["kernel"] in kernels:
        return []
    return [must(f"{name}: domain_kernel", domain["kernel"],
                 "one that was made: " + ", ".join(kernels), False,
                 f"make image KERNEL={domain['kernel']}")]


def guest_rows(facts, plan, settings):
    rows = []
    for name, domain in plan.items():
        rows += size_rows(name, domain)
        rows += nic_rows(name, domain, facts)
        rows += lab_attachment.rows(name, domain, facts, not any(
            other["role"] == "exchange" for other in plan.values()))
        rows += kernel_row(name, domain, settings)
        rows += raw_rows(name, domain)
        rows += place_row(name, domain)
        rows += shared_row(name, domain, facts)
        rows += iommu_row(name, domain, facts["emulator"])
        rows += kvm_knob_rows(name, domain, facts)
        machines = facts["emulator"]["machines"]
        if domain["machine"] not in machines:
            rows.append(must(f"{name}: domain_machine", domain["machine"],
                             "one that QEMU has", False,
                             f"{domain['emulator']} -machine help"))
        for interface in ("lab", "management"):
            tap = domain[f"tap_{interface}"]
            ours = domain["name"] in facts["libvirt"]["domains"]
            if len(tap) > 15 or (tap in facts["links"] and not ours):
                rows.append(must(
                    f"{name}: tap {tap}",
                    "longer than 15 characters" if len(tap) > 15 else
                    "in use by someone else", "a free name of up to 15",
                    False, "set another lab_prefix"))
        there = facts["libvirt"]["domains"].get(domain["name"])
        if there:
            ours = any(made["uuid"] == there["uuid"]
                       for made in record_of(facts, "domain"))
            whose = (f"another lab's, in {there['folder']}" if there["folder"]
                     else "not the lab's")
            rows.append(must(f"domain {domain['name']}",
                             "ours" if ours else f"there, {whose}",
                             "none, or ours", ours,
                             "set another lab_prefix, or remove it: virsh "
                             f"undefine {domain['name']}"))
    return rows


def vhost_row(facts, plan):
    users = [name for name, domain in plan.items()
             if domain["nic_driver"] == "vhost"]
    return row("vhost-net", facts["vhost"], "there",
               "ok" if facts["vhost"] == "there" else
               "FAIL" if users else "note",
               "modprobe vhost_net" if facts["vhost"] == "module" else
               "this kernel has no vhost_net: " +
               (f"set domain_nic_driver of {', '.join(users)} to qemu"
                if users else "domain_nic_driver stays qemu"))


# Of a setting of qemu.conf: check, found, wanted, and the setting.
UNSET = {
    "max_core": ("core files", "limited, and root may not lift it",
                 "of any size", "max_core = 0"),
    "namespaces": ("/", "no mount point, as in a chroot", "a mount point",
                   "namespaces = [ ]")}


def libvirt_rows(facts):
    libvirt = facts["libvirt"]
    if not libvirt["there"]:
        return [must("libvirt", "not installed", "libvirtd", False,
                     "make deps-lab")]
    if not libvirt["answers"] and not libvirt["daemon"]:
        return [must("libvirt", "virtqemud, does not run",
                     "answers, or libvirtd to start", False,
                     "systemctl start virtqemud.socket virtlogd.socket")]
    state = "ok" if libvirt["answers"] else "note"
    return [row("libvirt", f"{libvirt['version']}, " +
                ("answers" if libvirt["answers"] else "does not run"),
                "answers", state, "make up starts it, "
                + ("by systemd" if facts["systemd"] else
                   "by hand: no systemd runs here")),
            *unset_rows(facts)]


def unset_rows(facts):
    """What a libvirtd of systemd's has, and one that is started by hand may
    not have."""
    for name in () if facts["systemd"] else facts["libvirt"]["unset"]:
        check, found, wanted, line = UNSET[name]
        yield must(f"libvirt: {check}", found, wanted, False,
                   f"echo '{line}' >>/etc/libvirt/qemu.conf")


def bridge_rows(facts, bridges):
    """bridges: [{name, subnet}], the lab's own first."""
    rows = []
    made = {made["name"]: made for made in record_of(facts, "bridge")}
    for bridge in bridges:
        name, link = bridge["name"], facts["links"].get(bridge["name"])
        try:
            network = ipaddress.IPv4Network(bridge["subnet"])
        except ValueError:
            rows.append(must(bridge["knob"],
                             bridge["subnet"].removesuffix(".0/24"),
                             "the first three numbers of a /24, as in "
                             "10.77.0", False,
                             f"set {bridge['knob']} to that"))
            continue
        ours = bool(link) and name in made and link["mac"] == made[name]["mac"]
        if link and not ours:
            rows.append(must(f"bridge {name}", "in use by someone else",
                             "free, or ours", False,
                             "name another bridge in the inventory, or "
                             f"remove that one: ip link del {name}"))
            continue
        if len(name) > 15:
            rows.append(must(f"bridge {name}", f"{len(name)} characters",
                             "15 at most", False, "shorten its name"))
        others = in_the_way(facts["routes"], network, name)
        rows.append(must(f"bridge {name}",
                         f"{bridge['subnet']} overlaps {', '.join(others)}"
                         if others else "there" if ours else "not yet there",
                         "free, or ours", not others,
                         f"set {bridge['knob']} to a subnet that is free"))
        if ours:
            rows.append(must(f"{name}: snooping",
                             "on" if link["snooping"] else "off", "off",
                             not link["snooping"],
                             f"ip link set {name} type bridge "
                             "mcast_snooping 0: with no querier, multicast "
                             "stops after minutes"))
    return rows


def pass_by(where, link):
    """What lets it pass in that chain, and changes nothing for others."""
    tool, *words = where.split()
    if tool == "iptables":
        out = f" -o {link}" if words[0] == "FORWARD" else ""
        return f"iptables -I {words[0]} -i {link}{out} -j ACCEPT"
    if words[1] == "firewalld":
        return f"firewall-cmd --zone=trusted --add-interface={link}"
    key = "ibrname" if words[0] == "bridge" else "iifname"
    return f"nft insert rule {' '.join(words)} {key} {link} accept"


def filter_row(facts, plan, link):
    """Between guests, or to an exchange on the host."""
    guests = any(domain["role"] == "exchange" for domain in plan.values())
    chains = facts["filter"].get(link, {}).get(
        "forward" if guests else "input", [])
    return must(f"packet filter on {link}",
                "dropped by " + ", ".join(chains) if chains else "lets pass",
                "lets pass between its ports" if guests else
                "lets pass to the exchange on the host", not chains,
                "; ".join(pass_by(where, link) for where in chains))


def dump_row(facts, plan):
    """What libvirt writes of the largest guest that panics; nothing where
    none is asked for."""
    needed = max([int(domain["memory_mib"]) << 20 for domain in plan.values()
                  if domain["on_crash"].startswith("coredump")] or [0])
    return row("room for a dump", f"{facts['dump_free'] / GIB:.1f} GiB free",
               f"{needed / GIB:.1f} GiB",
               "ok" if facts["dump_free"] >= needed else "note",
               f"a guest that panics leaves none: make room in "
               f"{facts['dump_folder']}, or set auto_dump_path in qemu.conf")


def checks(facts, plan, settings):
    """settings: bridges; folder, the lab's; image (is it made?), images,
    its folder, and kernels, those that it has; strict: up comes next."""
    emulator = facts["emulator"]
    disk = (0 if settings["image"] else IMAGE_BYTES) + \
        GUEST_BYTES * len(plan)
    rows = [
        must("privileges", "root" if facts["root"] else "none", "root",
             facts["root"], "run it as root or through sudo"),
        kvm_row(facts, plan),
        must("QEMU", emulator["version"] or "not installed", "5 or later",
             emulator["there"] and
             int((re.match(r"\d+", emulator["version"]) or [0])[0]) >= 5,
             "make deps-lab"),
        *libvirt_rows(facts),
        must("/dev/net/tun", "there" if facts["tun"] else "absent", "there",
             facts["tun"], "modprobe tun"),
        vhost_row(facts, plan),
        *cpu_rows(facts, plan),
        *memory_rows(facts, plan),
        folder_row(facts, settings),
        image_row(settings),
        must("disk", f"{facts['disk_free'] / GIB:.1f} GiB free",
             f"{disk / GIB:.1f} GiB", facts["disk_free"] >= disk,
             f"make room below {settings['folder']}"),
        dump_row(facts, plan),
        row("files for QEMU",
            f"{facts['qemu_user'] or 'QEMU'} may not enter "
            + ", ".join(facts["barred"]) if facts["barred"] else "reachable",
            "reachable", "note" if facts["barred"] else "ok",
            "QEMU runs as root here; or: chmod o+x "
            + " ".join(facts["barred"])),
        row("AppArmor", "on" if facts["apparmor"] else "off",
            "off, or with libvirt's profiles",
            "ok" if not facts["apparmor"] or facts["apparmor_libvirt"]
            else "FAIL", "make deps-lab"),
        *bridge_rows(facts, settings["bridges"]),
        filter_row(facts, plan, settings["bridges"][0]["name"]),
    ]
    return rows + (guest_rows(facts, plan, settings) if emulator["there"] else [])


def report(rows):
    """The rows as text: a table, each mend below its row."""
    columns = ("state", "check", "found", "wanted")
    widths = [max([len(r[c]) for r in rows] + [len(c)]) for c in columns[:3]]
    lines = []
    for entry in [dict(zip(columns, columns), mend="")] + rows:
        cells = [entry[c].ljust(w) for c, w in zip(columns, widths)]
        lines.append("  ".join(cells + [entry["wanted"]]).rstrip())
        if entry["mend"]:
            lines.append(" " * (widths[0] + 2) + "-> " + entry["mend"])
    return "\n".join(lines)


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_checks": checks, "lab_checks_report": report}
