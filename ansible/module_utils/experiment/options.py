# SPDX-License-Identifier: MIT
"""Which receive paths, publish paths, channels and transports there are, and
which options each has: as t2t-probe tells them, in the options.json that the
build leaves beside the programs. The rows are the programs' own
(c/base/option.h)."""

import functools
import json
import os
import re

from .wrong import Wrong

SCHEMA = "t2t-options/1"
FAMILIES = {"receive": "receive path", "send": "publish path",
            "channel": "channel", "transport": "transport"}
SUFFIXES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def programs():
    """The folder of the programs on this machine."""
    return os.environ.get("T2T_PROGRAMS") or os.path.normpath(os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "../../../c/build"))


@functools.lru_cache
def read(path):
    """family -> name -> options by name; None where this build lacks it."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        if found["schema"] != SCHEMA:
            raise ValueError(f"schema {found['schema']}, wanted {SCHEMA}")
    except FileNotFoundError:
        raise Wrong(f"{path} is not there: it says which options the programs "
                    "have. Build them: make build") from None
    except (OSError, ValueError, KeyError) as error:
        raise Wrong(f"{path}: {error}. Build the programs anew: make build") \
            from None
    families = {family: {} for family in FAMILIES}
    for one in found["members"]:
        families[one["family"]][one["name"]] = None if one["options"] is None \
            else {row["name"]: row for row in one["options"]}
    return families


def families():
    return read(os.path.join(programs(), "options.json"))


def rows(family, option):
    """The option's row in each member that has it."""
    return [options[option] for options in families()[family].values()
            if options and option in options]


def names(family):
    """Of the options of any member."""
    return sorted({name for options in families()[family].values()
                   for name in options or ()})


def having(family, option):
    """The members that have it."""
    return [name for name, options in families()[family].items()
            if options and option in options]


def wanted(row):
    """What a value must look like."""
    if row["type"] == "flag" or (row["type"] == "keep" and row["max"] == 1):
        return "on or off"
    if row["type"] == "choice":
        return ", ".join(row["choices"])
    if "max" in row:
        return f"{row['min']} to {row['max']}"
    return "a whole number" if row["type"] == "unsigned" else "a text"


def fits(row, text):
    """Does the program take it? What it parses by itself it judges itself."""
    if row["type"] == "keep" and text == "keep":
        return True
    if row["type"] == "flag" or (row["type"] == "keep" and row["max"] == 1):
        return text in ("on", "off")
    if row["type"] == "choice":
        return text in row["choices"]
    if row["type"] in ("unsigned", "keep"):
        parts = re.fullmatch(r"(\d+)([kmg]?)", text, re.I)
        if not parts:
            return False
        value = int(parts[1]) * SUFFIXES[parts[2].lower()]
        return "max" not in row or row["min"] <= value <= row["max"]
    return True
