# SPDX-License-Identifier: MIT
"""What gdb is taught about a Linux guest behind QEMU's stub; gdb sources it.

lab-symbols BUILD FOLDER moves vmlinux's symbols to where KASLR put the kernel,
insists that it is the build, and adds the symbols of its modules. Debian's
packages have none of Linux's own scripts for gdb (CONFIG_GDB_SCRIPTS); a kernel
built with `debug` has, and its lx- commands work beside these.
"""

import os
import re
import struct

import gdb

# Of an x86-64 interrupt gate (Intel SDM 3A, 6.14.1), bytes.
GATE = 16
# What KASLR moves the kernel by is a multiple of it (CONFIG_PHYSICAL_ALIGN).
ALIGN = 0x200000
# The handler that the first gate leads to, in every kernel without Xen or FRED.
FIRST = "asm_exc_divide_error"
# A function that runs at each tick, in the kernel's own page tables.
TICK = "update_process_times"
# The sections of a module that gdb is told of, beside .text.
SECTIONS = re.compile(r"\.(text|data|rodata|bss)[\w.]*")


def address_of(symbol):
    return int(gdb.parse_and_eval(f"(unsigned long)&{symbol}"))


def memory(address, length):
    return bytes(gdb.selected_inferior().read_memory(address, length))


def first_gate():
    """Where the first gate of the IDT leads to; the IDT is mapped always."""
    said = gdb.execute("monitor info registers", to_string=True)
    found = re.search(r"^IDT=\s*([0-9a-f]+)", said, re.M)
    if not found:
        raise gdb.GdbError("QEMU tells no IDT: this is no x86 guest")
    low, _, _, middle, high = struct.unpack(
        "<HHHHI", memory(int(found[1], 16), GATE)[:12])
    return high << 32 | middle << 16 | low


def kaslr():
    """What the kernel was moved by, bytes; 0 by nokaslr."""
    moved = first_gate() - address_of(FIRST)
    if moved < 0 or moved % ALIGN:
        raise gdb.GdbError(
            "these symbols are another kernel's: its first interrupt gate does "
            f"not lead to {FIRST}. A guest that has just been started has no "
            "kernel yet: try again when it has booted")
    return moved


def go_into_kernel():
    """Programs have page tables without the kernel (PTI): on to the next tick,
    by a hardware breakpoint, which needs no memory written."""
    try:
        memory(address_of("linux_banner"), 1)
    except gdb.MemoryError:
        gdb.execute(f"thbreak *{address_of(TICK)}", to_string=True)
        gdb.execute("continue", to_string=True)


def insist_on(build):
    """The build ID, as the running kernel has it in its memory."""
    start = address_of("__start_notes")
    notes = memory(start, address_of("__stop_notes") - start)
    if bytes.fromhex(build) not in notes:
        raise gdb.GdbError(
            f"these symbols are another kernel's: {build} is not among the "
            "notes of the one that runs")


def modules():
    """struct module of each that is loaded."""
    head = gdb.parse_and_eval("&modules")
    kind = gdb.lookup_type("struct module")
    offset = next(field.bitpos // 8 for field in kind.fields()
                  if field.name == "list")
    entry = head["next"]
    while entry != head:
        yield (int(entry) - offset, gdb.Value(int(entry) - offset).cast(
            kind.pointer()))
        entry = entry["next"]


def sections(module):
    """name -> address, of a module's sections (/sys/module/NAME/sections)."""
    found = module["sect_attrs"]
    return {one["battr"]["attr"]["name"].string(): int(one["address"])
            for one in (found["attrs"][i]
                        for i in range(int(found["nsections"])))}


def add_module(module, path):
    there = sections(module)
    words = ["add-symbol-file", path, hex(there.pop(".text"))]
    for name, address in there.items():
        if SECTIONS.fullmatch(name):
            words += ["-s", name, hex(address)]
    gdb.execute(" ".join(words), to_string=True)


class LabSymbols(gdb.Command):
    """lab-symbols BUILD [FOLDER]: fit vmlinux's symbols to the guest, and add
those of its modules that FOLDER has, NAME.ko each. Once more after a module
was loaded."""

    def __init__(self):
        super().__init__("lab-symbols", gdb.COMMAND_FILES)
        self.added = {}

    def invoke(self, argument, from_tty):
        build, _, folder = argument.partition(" ")
        moved = kaslr()
        if moved:
            vmlinux = gdb.current_progspace().filename
            gdb.execute("symbol-file", to_string=True)
            gdb.execute(f"symbol-file -o {moved:#x} {vmlinux}", to_string=True)
        go_into_kernel()
        insist_on(build)
        named, lacking = [], []
        for address, module in modules():
            name = module["name"].string()
            path = os.path.join(folder, name + ".ko")
            if not os.path.exists(path):
                lacking.append(name)
                continue
            if self.added.get(name) != address:
                add_module(module, path)
                self.added[name] = address
            named.append(name)
        print(f"kernel     {build[:12]}, moved by {moved:#x}"
              f"{' (nokaslr)' if not moved else ''}")
        print(f"modules    with symbols: {' '.join(sorted(named)) or 'none'}; "
              f"without: {len(lacking)}")


LabSymbols()
