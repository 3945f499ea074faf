# SPDX-License-Identifier: MIT
"""What a machine's shell says of it, in sections. An emulated guest takes
seconds to start Python, and a module more; a shell, a tenth of one."""

# section NAME: what follows belongs to it. show NAME FILE: all of a file,
# without a process; an empty section if it can't be read.
SHELL = """\
section() { printf '= %s\\n' "$1"; }
show() {
	section "$1"
	{ while IFS= read -r line || [ -n "$line" ]; do
		printf '%s\\n' "$line"
	done <"$2"; } 2>/dev/null
}
"""


def sections(text):
    """name -> its text, without blanks around it."""
    found, name = {}, None
    for line in text.splitlines():
        if line.startswith("= "):
            name = line[2:]
            found[name] = ""
        elif name is not None:
            found[name] += line + "\n"
    return {name: text.strip() for name, text in found.items()}
