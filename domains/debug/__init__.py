# SPDX-License-Identifier: MIT
"""A guest's kernel looked at from outside: `make debug` and `make crash`.

image.py    which build a kernel is
symbols.py  that build's debug information, from Debian's package, in the lab
guest.py    the guest: what it runs, its gdb stub, a dump of its memory
kernel.py   what gdb is taught: modules, KASLR; it runs inside gdb
README.md   from a packet in the NIC's driver to the trader that wakes up
"""
