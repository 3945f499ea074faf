# SPDX-License-Identifier: MIT
"""A kernel's debug information, kept in the lab's folder by its build ID.

Debian has it as linux-image-RELEASE-dbg: a gigabyte to fetch, seven to unpack,
of which less than half of one is kept. apt fetches and verifies it, with a
configuration of its own: this machine's packages are not touched.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import image
from fault import Fault, run

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The package, apt's lists, and what is kept of it (MiB, measured, and a third).
ROOM_MIB = 2200
# Modules of the NICs that the lab has (module_utils/lab_nic.py), and of what
# they stand on.
MODULES = re.compile(
    r".*/kernel/(drivers/net/(virtio_net|net_failover)"
    r"|drivers/net/vmxnet3/vmxnet3|drivers/net/ethernet/realtek/8139[\w-]+"
    r"|drivers/net/ethernet/intel/(e1000|e1000e|igb)/[\w-]+"
    r"|drivers/(virtio|block)/virtio[\w-]*|net/core/failover)\.ko")
VMLINUX = re.compile(r".*/boot/vmlinux-[^/]+")
# Of the sources, what a packet passes: the rest is four times as much.
SOURCE = re.compile(
    r"[^/]+/((arch/x86|block|include|kernel|lib|mm|net/(core|ipv4|packet|xdp"
    r"|sched|socket\.c))\b.*|drivers/(net/(virtio_net\.c|vmxnet3/.*"
    r"|ethernet/(intel/(e1000|e1000e|igb)|realtek)/.*)|virtio/.*))")
SOURCE_FILE = re.compile(r".+\.[chS]")


def say(text):
    print(f"symbols: {text}", file=sys.stderr, flush=True)


class Symbols:
    """Of one build: vmlinux, its modules, gdb's index of them, its source."""

    def __init__(self, lab, build):
        self.lab, self.build = lab, build
        self.top = os.path.join(lab, "symbols")
        self.folder = os.path.join(self.top, build)

    def path(self, name):
        return os.path.join(self.folder, name)

    @contextlib.contextmanager
    def alone(self):
        """One at a time fetches; what a killed one left goes."""
        os.makedirs(self.top, exist_ok=True)
        with open(os.path.join(self.top, ".lock"), "w",
                  encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in os.listdir(self.top):
                if name.startswith("part-"):
                    shutil.rmtree(os.path.join(self.top, name))
            yield

    def there(self):
        return os.path.exists(self.path("vmlinux"))

    def take(self, vmlinux):
        """One's own: that of a kernel that was built by hand."""
        found = image.build_id(vmlinux)
        if found != self.build:
            raise Fault(f"{vmlinux} is of another kernel: its build ID is "
                        f"{found}, the guest's is {self.build}")
        return vmlinux

    def fetch(self, release, archive):
        """From Debian's package; nothing is kept of what does not fit."""
        with self.alone():
            if self.there():
                return
            free = shutil.disk_usage(self.top).free >> 20
            if free < ROOM_MIB:
                raise Fault(f"{self.top}: {free} MiB are free on its disk, "
                            f"{ROOM_MIB} are needed for symbols")
            with tempfile.TemporaryDirectory(prefix="part-",
                                             dir=self.top) as part:
                package = archive.download(f"linux-image-{release}-dbg", part)
                say(f"unpacking {os.path.basename(package)}: minutes")
                out = os.path.join(part, "out")
                os.makedirs(os.path.join(out, "modules"))
                unpack(package, out, kept_symbol)
                self.keep(out, package)

    def keep(self, out, package):
        vmlinux = os.path.join(out, "vmlinux")
        if not os.path.exists(vmlinux):
            raise Fault(f"{os.path.basename(package)}: no vmlinux in it")
        found = image.build_id(vmlinux)
        if found != self.build:
            raise Fault(f"{os.path.basename(package)} is of another kernel: "
                        f"its build ID is {found}, the guest's is "
                        f"{self.build}: make image FORCE=1 and make up take "
                        "the archive's present kernel, or VMLINUX=FILE names "
                        "this one's")
        os.makedirs(self.folder, exist_ok=True)
        for name in ("modules", "vmlinux"):  # by the last it is known as whole
            shutil.rmtree(self.path(name), ignore_errors=True)
            os.rename(os.path.join(out, name), self.path(name))

    def fetch_source(self, release, archive):
        """linux-source-VERSION, of the version that the kernel's package is."""
        with self.alone():
            if os.path.exists(self.path("source")):
                return
            with tempfile.TemporaryDirectory(prefix="part-",
                                             dir=self.top) as part:
                series = ".".join(release.split(".")[:2])
                version = archive.version(f"linux-image-{release}-dbg", part)
                package = archive.download(
                    f"linux-source-{series}={version}", part)
                say("unpacking the sources")
                unpack(package, part, lambda name: "source.tar.xz"
                       if name.endswith(f"linux-source-{series}.tar.xz")
                       else None)
                out = os.path.join(part, "out")
                with tarfile.open(os.path.join(part, "source.tar.xz"),
                                  "r|xz") as tar:
                    put(tar, out, kept_source)
                os.makedirs(self.folder, exist_ok=True)
                os.rename(out, self.path("source"))


def kept_symbol(name):
    """Where in the folder a file of the package is kept; None: nowhere."""
    if VMLINUX.fullmatch(name):
        return "vmlinux"
    if MODULES.fullmatch(name):
        return "modules/" + module(os.path.basename(name)[:-3]) + ".ko"
    return None


def kept_source(name):
    found = SOURCE.fullmatch(name)
    return found[1] if found and SOURCE_FILE.fullmatch(name) else None


def module(name):
    """As the kernel calls it: it has no dashes."""
    return name.replace("-", "_")


def put(tar, out, kept):
    for member in tar:
        name = kept(member.name) if member.isreg() else None
        if not name:
            continue
        path = os.path.join(out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            shutil.copyfileobj(tar.extractfile(member), file, 1 << 20)


def unpack(package, out, kept):
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package],
                          stdout=subprocess.PIPE) as program:
        try:
            with tarfile.open(fileobj=program.stdout, mode="r|") as tar:
                put(tar, out, kept)
        except tarfile.TarError as error:
            raise Fault(f"{package}: {error}") from None
    if program.returncode:
        raise Fault(f"{package}: dpkg-deb ended with {program.returncode}")


class Archive:
    """Of Debian packages, for the suite that the kernel is from."""

    def __init__(self, manifest, kernel, mirror=""):
        try:
            source = manifest["kernels"][kernel]["source"]
            told = manifest["mirror"]
        except (KeyError, TypeError):
            raise Fault(f"no kernel {kernel} in the image's manifest: "
                        "VMLINUX=FILE names its symbols") from None
        if "/" not in source:
            raise Fault(f"kernel {kernel} is no package of Debian's: "
                        "VMLINUX=FILE names its symbols")
        self.suite = source.partition("/")[2]
        self.mirror = mirror or told
        if ":/" not in self.mirror:
            raise Fault(f"the image is from {told}, which is no address: "
                        "MIRROR=URL names an archive of Debian")
        self.updated = False

    def apt(self, part, *command):
        """With lists and a cache of its own; this machine's proxies hold."""
        root = os.path.join(part, "apt")
        sources = os.path.join(part, "sources.list")
        if not self.updated:
            os.makedirs(os.path.join(root, "lists/partial"))
            os.makedirs(os.path.join(root, "archives/partial"))
            with open(sources, "w", encoding="utf-8") as file:
                file.write(f"deb [arch=amd64 signed-by={KEYS}] {self.mirror} "
                           f"{self.suite} main\n")
            self.updated = True
            say(f"asking {self.mirror} for {self.suite}")
            self.apt(part, "apt-get", "update", "--error-on=any")
        options = {"Dir::Etc::SourceList": sources,
                   "Dir::Etc::SourceParts": "/dev/null",
                   "Dir::State": root, "Dir::State::status": "/dev/null",
                   "Dir::Cache": root, "APT::Sandbox::User": "root",
                   "Acquire::http::Timeout": 30, "Acquire::Retries": 2}
        words = [f"-o{name}={value}" for name, value in options.items()]
        return run(command[0], *words, *command[1:], cwd=part, text=True)

    def version(self, package, part):
        said = self.apt(part, "apt-cache", "show", "--no-all-versions",
                        package)
        return re.search(r"^Version: (\S+)$", said, re.M)[1]

    def download(self, package, part):
        """The path of the package, which apt has verified."""
        name = package.partition("=")[0]
        try:
            said = self.apt(part, "apt-cache", "show", "--no-all-versions",
                            name)
        except Fault:
            raise Fault(
                f"no package {name} in {self.suite} at {self.mirror}: it has "
                "gone on to another kernel; make image FORCE=1 and make up "
                "take that one, MIRROR=URL names an archive that has this one, "
                "VMLINUX=FILE its symbols") from None
        size = re.search(r"^Size: (\d+)$", said, re.M)
        say(f"fetching {package}: {int(size[1]) >> 20} MiB")
        self.apt(part, "apt-get", "--quiet", "download", package)
        return next(os.path.join(part, file) for file in os.listdir(part)
                    if file.startswith(name + "_"))


def manifest(images):
    path = os.path.join(images, "manifest.json")
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise Fault(f"{path}: {error}: make image") from None
