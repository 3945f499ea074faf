# SPDX-License-Identifier: MIT
"""python3 domains/debug gdb|dump: what `make debug` and `make crash` call."""

import argparse
import os
import shlex
import signal
import subprocess
import sys

import symbols
from fault import Fault
from guest import Guest
import image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../../ansible/module_utils"))
# pylint: disable=wrong-import-position
import lab_lock  # noqa: E402


def arguments(words):
    parser = argparse.ArgumentParser(prog="domains/debug", description=__doc__)
    parser.add_argument("verb", choices=["gdb", "dump"])
    parser.add_argument("--domain", required=True)
    parser.add_argument("--lab", required=True, metavar="FOLDER")
    parser.add_argument("--images", metavar="FOLDER",
                        default=os.path.join(HERE, "../../images/build"))
    parser.add_argument("--connect", default="qemu:///system", metavar="URI")
    parser.add_argument("--vmlinux", default="", metavar="FILE",
                        help="symbols that are there")
    parser.add_argument("--mirror", default="", metavar="URL")
    parser.add_argument("--source", action="store_true",
                        help="fetch the kernel's sources, too")
    parser.add_argument("--run", default="", metavar="FILE",
                        help="gdb's commands; it ends after them")
    parser.add_argument("--output", metavar="FOLDER", help="of a dump")
    return parser.parse_args(words)


def find_symbols(guest, asked):
    """Those of the very kernel that the guest runs; and vmlinux's path."""
    kernel = guest.kernel() if not asked.vmlinux or guest.text("os/kernel") \
        else ""
    if not kernel:  # the guest's own: gdb compares it with what runs
        build = image.build_id(asked.vmlinux)
    else:
        build = image.build_id_of_bzimage(kernel)
    found = symbols.Symbols(asked.lab, build)
    if asked.vmlinux:
        return found, os.path.abspath(found.take(asked.vmlinux))
    # images/build/kernels/NAME/vmlinuz
    name = os.path.basename(os.path.dirname(kernel))
    if not found.there() or asked.source:
        archive = symbols.Archive(symbols.manifest(asked.images), name,
                                  asked.mirror)
        release = image.release(kernel)
        found.fetch(release, archive)
        if asked.source:
            found.fetch_source(release, archive)
    return found, found.path("vmlinux")


def gdb_command(found, vmlinux, socket, script):
    """Of gdb, a list; what it says of itself comes last, or ends it."""
    index = found.path("index")
    before = ["set pagination off" if script else "set confirm off",
              "set debuginfod enabled off",
              f"set index-cache directory {index}",
              "set index-cache enabled on",
              # vmlinux-gdb.py, of a kernel with CONFIG_GDB_SCRIPTS.
              f"add-auto-load-safe-path {os.path.dirname(vmlinux)}"]
    after = [f"target remote {socket}",
             f"source {os.path.join(HERE, 'kernel.py')}",
             f"lab-symbols {found.build} {found.path('modules')}"]
    if os.path.isdir(found.path("source")):
        after.insert(0, f"directory {found.path('source')}")
    words = ["gdb", "-q"]
    if script:
        words += ["-batch", "-nx"]
    for line in before:
        words += ["-iex", line]
    words.append(vmlinux)
    for line in after:
        words += ["-ex", line]
    return words + (["-x", script] if script else [])


def debug(guest, asked):
    found, vmlinux = find_symbols(guest, asked)
    # What runs beside it would be measured with a guest that stands still.
    kept = lab_lock.take(f"the lab in {os.path.realpath(asked.lab)}")
    os.makedirs(found.path("index"), exist_ok=True)
    socket = guest.open_stub()
    words = gdb_command(found, vmlinux, socket, asked.run)
    print(shlex.join(words), flush=True)
    # Ctrl-C is for gdb, which stops the guest by it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(
            words, check=False,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        ).returncode
    finally:
        guest.close_stub()
        signal.signal(signal.SIGINT, before)
        if kept:
            kept.close()


def dump(guest, asked):
    found, vmlinux = find_symbols(guest, asked)
    os.makedirs(asked.output)
    path = os.path.abspath(os.path.join(asked.output, "memory.elf"))
    guest.dump(path)
    if "SUDO_UID" in os.environ:  # whoever asked for it opens it
        for name in (asked.output, path):
            os.chown(name, int(os.environ["SUDO_UID"]),
                     int(os.environ["SUDO_GID"]))
    print(f"memory     {path}: {os.stat(path).st_size >> 20} MiB, of "
          f"{guest.name}")
    for line in openers(path, vmlinux):
        print("open it by", line)
    return 0


def openers(path, vmlinux):
    """The commands that open a dump: in the build root, which has the guests'
    Debian and sees the repository, where both files are in it."""
    top = os.path.realpath(os.path.join(HERE, "../.."))
    inner = [os.path.relpath(os.path.realpath(name), top)
             for name in (path, vmlinux)]
    root = []
    if not any(name.startswith("..") for name in inner):
        path, vmlinux = inner
        root = ["images/in-root"]
    return [shlex.join(root + ["crash", vmlinux, path]),
            shlex.join(root + ["drgn", "-c", path, "-s", vmlinux])]


def main():
    # As at a signal that Python ends by: the stub is closed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    asked = arguments(sys.argv[1:])
    verb = {"gdb": "make debug", "dump": "make crash"}[asked.verb]
    try:
        guest = Guest(asked.domain, asked.connect)
        return (debug if asked.verb == "gdb" else dump)(guest, asked)
    except Fault as fault:
        print(f"{verb}: {fault}", file=sys.stderr)
    except lab_lock.Held as held:
        print(f"{verb}: in use: {held}; nothing was changed", file=sys.stderr)
    except OSError as error:
        print(f"{verb}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
