# SPDX-License-Identifier: MIT
"""The debug page (domains/debug/README.md) as a script, and as what it says.

page.py commands PAGE		gdb's commands, a mark before each block
page.py shell PAGE NUMBER	the lines of a block for the shell, from 1
page.py check PAGE OUTPUT	the lines shown that gdb did not say; exit code 1
"""

import re
import sys

MARK = "== block {} =="


def blocks(page):
    """(language, lines) of each, in the page's order."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    return [(language, body.splitlines()) for language, body in
            re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)]


def commands(page):
    """What is shown before the first block is what gdb says by itself."""
    number = 0
    for language, lines in blocks(page):
        if language == "gdb":
            number += 1
            yield f"echo \\n{MARK.format(number)}\\n"
            yield from lines
    yield "delete"


def shown(page):
    """number of gdb's block -> the lines that are shown after it."""
    found, number = {}, 0
    for language, lines in blocks(page):
        if language == "gdb":
            number += 1
        elif language == "text":
            found.setdefault(number, []).extend(lines)
    return found


def fits(line, said):
    """"..." stands for anything."""
    return re.match(".*".join(re.escape(part) for part in line.split("...")),
                    said) is not None


def lacking(page, output):
    """The lines that did not come, in this order, after their commands."""
    with open(output, encoding="utf-8", errors="replace") as file:
        parts = re.split(MARK.format(r"\d+"), file.read())
    for number, lines in shown(page).items():
        said = parts[number].splitlines() if number < len(parts) else []
        for line in lines:
            at = next((i for i, one in enumerate(said) if fits(line, one)),
                      None)
            if at is None:
                yield f"block {number}: {line}"
            else:
                said = said[at + 1:]


def main():
    verb, page = sys.argv[1:3]
    if verb == "commands":
        print("\n".join(commands(page)))
    elif verb == "shell":
        shell = [lines for language, lines in blocks(page) if language == "sh"]
        print("\n".join(shell[int(sys.argv[3]) - 1]))
    else:
        missed = list(lacking(page, sys.argv[3]))
        print("\n".join(missed))
        sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
