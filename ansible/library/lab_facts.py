#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the hypervisor has: read, never changed."""

DOCUMENTATION = r"""
module: lab_facts
short_description: Look at the machine that the lab is to run on
description:
  - Reads CPUs, memory, QEMU, libvirt, links, routes, packet filters and the
    lab's record.
  - In one task what ansible.builtin.setup does not know (can KVM carry a guest,
    what has this QEMU) and community.libvirt.virt does not tell (what a domain
    and its saved state were made from; all of it where libvirt is not running).
attributes:
  check_mode: {support: full, description: "Nothing is changed in any mode; QEMU
               is run, to see whether a kernel boots under KVM, where the lab's
               folder does not know it of this boot."}
  diff_mode: {support: none, description: There is none to show.}
options:
  folder: {description: The lab's folder., type: path, required: true}
  emulator: {description: QEMU., type: path, required: true}
  kernels: {description: To try KVM with the first that is there.,
            type: list, elements: path, default: []}
  places: {description: "ADDRESS:PORT of servers that speak first.",
           type: list, elements: str, default: []}
  readers: {description: Paths that QEMU's user must reach.,
            type: list, elements: path, default: []}
  bridges: {description: Whose packets no filter may drop.,
            type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Look at the hypervisor
  lab_facts:
    folder: /var/tmp/lab
    emulator: /usr/bin/qemu-system-x86_64
    places: ["192.168.78.10:22"]
    bridges: [t2t-lab0]
"""

RETURN = r"""
lab: {description: "What was found, by what it is of: cpus, memory, emulator,
      kvm, libvirt, links, routes, filter, record and others.", type: dict,
      returned: success}
"""

import glob
import json
import os
import pwd
import re
import resource
import select
import shutil
import socket
import subprocess
import time
import xml.etree.ElementTree as xml

from ansible.module_utils import lab_attachment, lab_dump, lab_firewall, lab_routes
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_folder import fault
from ansible.module_utils.lab_machine import cpus, memory, read
from ansible.module_utils.lab_record import boot_id

LIBVIRT_SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")
BOOT_S = 20  # to the root file system; a second or two where KVM is real
# With no disk given, a kernel that lives ends here.
BOOT_SEEN = re.compile(rb"VFS: Unable to mount root|Run /init")


def output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True,
                              check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def emulator(path):
    devices = output(path, "-device", "help")
    machines = output(path, "-machine", "help")
    return {
        "path": path,
        "there": os.access(path, os.X_OK),
        "version": (re.findall(r"version (\S+)", output(path, "--version"))
                    or [""])[0],
        "devices": [name for name in
                    re.findall(r'^name "([^"]+)"', devices, re.M)
                    if not name.endswith("-cpu")],
        "machines": re.findall(r"^(\S+) ", machines, re.M),
    }


def boots(path, kernel):
    """Does this kernel come up under KVM? None when QEMU can't be run."""
    command = [path, "-accel", "kvm", "-m", "256", "-nodefaults",
               "-display", "none", "-no-reboot", "-serial", "stdio",
               "-kernel", kernel, "-append",
               "console=ttyS0 earlyprintk=ttyS0 panic=-1"]
    try:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            text, end = b"", time.monotonic() + BOOT_S
            while time.monotonic() < end and not BOOT_SEEN.search(text):
                ready = select.select([process.stdout], [], [], 0.5)[0]
                if not ready:
                    continue
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    break
                text += chunk
            process.kill()
    except OSError:
        return None
    return bool(BOOT_SEEN.search(text))


def mark(path):
    """Another one in its place has another."""
    found = os.stat(path)
    return f"{path} {found.st_size} {found.st_mtime_ns}"


def asked_of(path, kernel):
    """What an answer about KVM holds for; of /dev/kvm its inode, which is a
    new one when its module was loaded anew."""
    return [boot_id(), mark(path), mark(kernel), os.stat("/dev/kvm").st_ino]


def kept(folder):
    """What `make up` has kept about KVM in the lab's folder."""
    try:
        found = json.loads("" if fault(folder) else
                           read(os.path.join(folder, "kvm.json")))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def kvm(path, kernels, folder):
    """KVM counts by the CPU's flag and a kernel that was seen to boot: the
    device alone may be there and not carry a guest. One answer a boot: on a
    busy machine the next boot may be too slow, and another answer would be
    other guests."""
    flags = re.search(r"^flags\s*:(.*)$", read("/proc/cpuinfo"), re.M)
    flag = bool(flags and {"vmx", "svm"} & set(flags.group(1).split()))
    kernel = next((k for k in kernels if os.access(k, os.R_OK)), "")
    found = {"flag": flag, "device": os.path.exists("/dev/kvm"),
             "kernel": kernel, "boot": None, "asked_of": None}
    if found["device"] and flag and kernel and os.access(path, os.X_OK):
        found["asked_of"] = asked_of(path, kernel)
        last = kept(folder)
        if last.get("asked_of") == found["asked_of"]:
            found["boot"] = last.get("boot")
        if found["boot"] is None:
            found["boot"] = boots(path, kernel)
    return found


def may(call, *arguments):
    """Asked of a child that ends at once."""
    child = os.fork()
    if child == 0:
        try:
            call(*arguments)
        except (OSError, ValueError):
            os._exit(1)  # pylint: disable=protected-access
        os._exit(0)  # pylint: disable=protected-access
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def fifo():
    """May root run ahead of ordinary processes? Not where the control group
    has no share of real time."""
    return may(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))


def unset():
    """Settings of qemu.conf without which a libvirtd that we start can start no
    guest: it wants core files of any size, which sudo takes away, and not each
    root may have them back; and to change what / is mounted like, which is no
    mount point in a plain chroot."""
    fine = {
        "max_core": may(resource.setrlimit, resource.RLIMIT_CORE,
                        (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
        "namespaces": any(line.split()[4] == "/" for line in
                          read("/proc/self/mountinfo").splitlines())}
    told = re.findall(r"^\s*(\w+)\s*=", read("/etc/libvirt/qemu.conf"), re.M)
    return [name for name, good in fine.items()
            if not good and name not in told]


def invtsc():
    """Does the TSC go on at one rate, whatever the CPU does?"""
    flags = re.search(r"^flags\s*:(.*)$", read("/proc/cpuinfo"), re.M)
    return bool(flags and {"constant_tsc", "nonstop_tsc"}
                <= set(flags.group(1).split()))


def answers(path):
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(path)
        return True
    except OSError:
        return False


def pid_of(name):
    """Of the daemon that its pid file names, if that is what runs there."""
    text = read(f"/run/{name}.pid")
    if text.isdigit() and read(f"/proc/{text}/comm") == name:
        return int(text)
    return 0


def lab_of(element, attribute):
    """What the lab wrote into the domain's metadata."""
    lab = element.find("metadata/{urn:t2t-lab}lab")
    return "" if lab is None else lab.get(attribute, "")


def nic_of(element):
    """The model of the NIC under test."""
    for nic in element.iter("interface"):
        alias, model = nic.find("alias"), nic.find("model")
        if alias is not None and alias.get("name") == "ua-lab" \
                and model is not None:
            return model.get("type")
    return ""


def hash_of_save(name):
    """What a managed save was made from; "" where it does not say."""
    try:
        return lab_of(xml.fromstring(output(
            "virsh", "-c", "qemu:///system", "managedsave-dumpxml",
            "--domain", name)), "hash")
    except xml.ParseError:
        return ""


def names(*options):
    return [name for name in output(
        "virsh", "-q", "-c", "qemu:///system", "list", "--name",
        *options).split("\n") if name.strip()]


def domains(answering):
    """All domains: asked for, or as defined where nobody answers."""
    texts = []
    paused = names("--state-paused") if answering else []
    saved = names("--all", "--with-managed-save") if answering else []
    if answering:
        texts = [output("virsh", "-c", "qemu:///system", "dumpxml",
                        "--domain", name) for name in names("--all")]
    else:
        texts = [read(file) for file in glob.glob("/etc/libvirt/qemu/*.xml")]
    found = {}
    for text in filter(None, texts):
        try:
            element = xml.fromstring(text)
        except xml.ParseError:
            continue
        name = element.findtext("name")
        found[name] = {
            "paused": name in paused,
            "saved": name in saved,
            "saved_hash": hash_of_save(name) if name in saved else "",
            "uuid": element.findtext("uuid"),
            "running": bool(element.get("id")),
            "type": element.get("type"),
            "folder": lab_of(element, "folder"),
            "hash": lab_of(element, "hash"),
            "nic": nic_of(element),
        }
    return found


def libvirt():
    answering = any(answers(path) for path in LIBVIRT_SOCKETS)
    return {
        "there": bool(shutil.which("libvirtd") or shutil.which("virtqemud")),
        "daemon": bool(shutil.which("libvirtd")),
        "answers": answering,
        "pids": {name: pid_of(name) for name in ("libvirtd", "virtlogd")},
        "version": output("virsh", "--version").strip(),
        "unset": [] if answering else unset(),
        "domains": domains(answering),
    }


def links():
    found = {}
    for link in json.loads(output("ip", "-json", "-details", "address")
                           or "[]"):
        info = link.get("linkinfo", {})
        found[link["ifname"]] = {
            "mac": link.get("address", ""),
            "kind": info.get("info_kind", ""),
            "master": link.get("master", ""),
            "up": "UP" in link.get("flags", []),
            "addresses": [f"{a['local']}/{a['prefixlen']}"
                          for a in link.get("addr_info", [])
                          if a.get("family") == "inet"],
            "snooping": info.get("info_data", {}).get("mcast_snooping"),
        }
    return found


def greets(place):
    """Does a server answer at ADDRESS:PORT, and say something?"""
    address, _, port = place.rpartition(":")
    try:
        with socket.create_connection((address, int(port)), timeout=3) as sock:
            return bool(sock.recv(1))
    except OSError:
        return False


def ip_json(*arguments):
    return json.loads(output("ip", "-json", "-4", *arguments) or "[]")


def qemu_user():
    for name in ("libvirt-qemu", "qemu"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def first_barred(path):
    """The first folder on the way that we may not enter."""
    step = "/"
    for part in os.path.abspath(path).split("/"):
        step = os.path.join(step, part)
        if os.path.isdir(step) and not os.access(step, os.X_OK):
            return step
    return None


def access_of(user, paths):
    """Folders that bar the user from the paths, and whether KVM is open to
    them: asked of the kernel in a child that has become the user."""
    found = {"barred": [], "kvm": True}
    if user is None or os.getuid() != 0:
        return found
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        found["barred"] = sorted(set(filter(None, map(first_barred, paths))))
        found["kvm"] = (not os.path.exists("/dev/kvm")
                        or os.access("/dev/kvm", os.R_OK | os.W_OK))
        os.write(writer, json.dumps(found).encode())
        os._exit(0)  # pylint: disable=protected-access
    os.close(writer)
    with os.fdopen(reader) as file:
        found = json.load(file)
    os.waitpid(child, 0)
    return found


def vhost():
    """Is vhost-net there, or can its module be loaded?"""
    if os.path.exists("/dev/vhost-net"):
        return "there"
    known = f"/lib/modules/{os.uname().release}/modules.dep"
    return "module" if "/vhost_net.ko" in read(known) else "absent"


def disk_free(path):
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    usage = os.statvfs(path)
    return usage.f_bavail * usage.f_frsize


def writable(path):
    """Is the folder there to be written in, or can it be made?"""
    path = os.path.abspath(path)
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)


def record(folder):
    """What the lab made; nothing where it is not a lab's folder."""
    if fault(folder):
        return []
    text = read(os.path.join(folder, "record.json"))
    return json.loads(text)["made"] if text else []


def main():
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "emulator": {"type": "path", "required": True},
            "kernels": {"type": "list", "elements": "path", "default": []},
            "places": {"type": "list", "elements": "str", "default": []},
            "readers": {"type": "list", "elements": "path", "default": []},
            "bridges": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    user = qemu_user()
    access = access_of(user, parameters["readers"])
    module.exit_json(changed=False, lab={
        "folder": parameters["folder"],
        "hostname": os.uname().nodename,
        "kernel": os.uname().release,
        "boot": boot_id(),
        "systemd": os.path.isdir("/run/systemd/system"),
        "root": os.getuid() == 0,
        "cpus": cpus(),
        "memory": memory(),
        "emulator": emulator(parameters["emulator"]),
        "kvm": kvm(parameters["emulator"], parameters["kernels"],
                   parameters["folder"]),
        "fifo": fifo(),
        "invtsc": invtsc(),
        "attachment": lab_attachment.found(output),
        "vhost": vhost(),
        "tun": os.path.exists("/dev/net/tun"),
        "libvirt": libvirt(),
        "links": links(),
        "routes": lab_routes.found(ip_json),
        "filter": lab_firewall.found(output, parameters["bridges"]),
        "apparmor": read("/sys/module/apparmor/parameters/enabled") == "Y",
        "apparmor_libvirt":
            os.path.exists("/etc/apparmor.d/abstractions/libvirt-qemu"),
        "qemu_user": user.pw_name if user else "",
        "barred": access["barred"],
        "kvm_open": access["kvm"],
        "answers": {place: greets(place) for place in parameters["places"]},
        "disk_free": disk_free(parameters["folder"]),
        "dump_folder": lab_dump.read_folder(),
        "dump_free": disk_free(lab_dump.read_folder()),
        "folder_fault": fault(parameters["folder"]),
        "folder_writable": writable(parameters["folder"]),
        "record": record(parameters["folder"]),
    })


if __name__ == "__main__":
    main()
