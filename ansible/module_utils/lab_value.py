# SPDX-License-Identifier: MIT
"""What a value may be: ("flag",), ("number", least, most), ("words", ...),
("text", pattern, how it is called), ("list",)."""

FLAG = ("flag",)
ANY = ("text", r"[^\n]*", "a text")
LIST = ("list",)


def number(least, most):
    return ("number", least, most)


def words(*choices):
    return ("words", *choices)


def text(pattern, called):
    return ("text", pattern, called)


def wanted(value):
    """As it is told."""
    if value[0] == "number":
        return f"{value[1]} to {value[2]}"
    return {"flag": "on or off", "list": "a list, or auto"}.get(
        value[0], ", ".join(value[1:]) if value[0] == "words" else value[-1])
