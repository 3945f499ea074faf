# SPDX-License-Identifier: MIT
"""Tables for the terminal."""


def table(rows, columns):
    """rows: dictionaries; columns: keys in order. Aligned, with a heading."""
    lines = [columns] + [[cell(row.get(key)) for key in columns]
                         for row in rows]
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(columns))]
    return "\n".join("  ".join(text.ljust(width) for text, width
                               in zip(line, widths)).rstrip()
                     for line in lines)


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(cell(part) for part in value) or "none"
    return str(value)


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_table": table}
