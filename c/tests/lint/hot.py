# SPDX-License-Identifier: MIT
"""What a function calls, with all that is inlined into it and all of its own
file that it calls in turn: `hot.py OBJECT FUNCTION KEEP...` prints the names,
a line each. KEEP are functions of the file that are named and not looked
into. A system call without a wrapper is called "syscall"; what is called
through a pointer has no name. Read from objdump(1)."""
import re
import subprocess
import sys

LABEL = re.compile(r"^([0-9a-f]+) <(.+)>:$")
SECTION = re.compile(r"^Disassembly of section (.+):$")
# "  1c:  call  1d <name+0x1>", and beside it what the linker puts there.
CODE = re.compile(r"^ +([0-9a-f]+):\s+(?:bnd |notrack |rep )*([a-z]\w*)(.*)$")
TARGET = re.compile(r"\b([0-9a-f]+) <")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: (R_\S+)\s+(\S+?)([+-]0x[0-9a-f]+)?$")
JUMPS = re.compile(r"^(call|j[a-z]+|b|bl|b\.[a-z]+|cbz|cbnz|tbz|tbnz)q?$")
# From the place that a relocation is for to the end of its instruction.
PLACE = 4


class Object:
    """Its functions: name -> the names that it calls."""

    def __init__(self, path):
        self.starts = {}   # section -> [(address, name)]
        self.raw = {}      # name -> [a name, or (section, address)]
        said = subprocess.run(
            ["objdump", "-drw", "--no-show-raw-insn", path],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        section = name = None
        for line in said.splitlines():
            if SECTION.match(line):
                section = SECTION.match(line)[1]
                self.starts[section] = []
            elif LABEL.match(line):
                address, name = LABEL.match(line).groups()
                self.starts[section].append((int(address, 16), name))
                self.raw[name] = []
            elif name and CODE.match(line):
                self.line(section, name, *CODE.match(line).groups()[1:])

    def line(self, section, name, word, rest):
        if word in ("syscall", "svc"):
            self.raw[name].append("syscall")
        if not JUMPS.match(word):
            return
        text, _, told = rest.partition("R_")
        if told:
            symbol, sign, number = re.match(
                r"\S+\s+([^\s+-]+(?:-[^\s0-9][^\s+-]*)*)([+-])?(0x[0-9a-f]+)?",
                told).groups()
            place = int(number or "0", 16) * (-1 if sign == "-" else 1)
            # A section stands for what lies there.
            self.raw[name].append((symbol, place + PLACE)
                                  if symbol.startswith(".text") else symbol)
        elif TARGET.search(text):
            self.raw[name].append((section,
                                   int(TARGET.search(text)[1], 16)))

    def function_at(self, section, address):
        names = [name for start, name in self.starts.get(section, [])
                 if start <= address]
        return names[-1] if names else section

    def calls(self, function, keep):
        """By name, without those of the file that are looked into."""
        found, seen, todo = set(), set(), [function]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for target in self.raw[name]:
                called = target if isinstance(target, str) else \
                    self.function_at(*target)
                if called in self.raw and called.split(".")[0] not in keep:
                    todo.append(called)
                elif called not in seen:
                    found.add(called.split(".")[0])
        return found


def main(path, function, *keep):
    made = Object(path)
    # gcc may have made a copy for the arguments that it gets.
    names = [name for name in made.raw if name.split(".")[0] == function]
    if not names:
        sys.exit(f"hot.py: {path}: no function {function}")
    called = set().union(*(made.calls(name, keep) for name in names))
    print("\n".join(sorted(called - {function})))


if __name__ == "__main__":
    main(*sys.argv[1:])
