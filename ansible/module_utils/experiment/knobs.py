# SPDX-License-Identifier: MIT
"""The groups of knobs that a file may have below an arm, and what each name of
them may be (lab_value.py). A guest's are in lab_setting.py, those of NICs and machines are in lab_knob_kinds.py,
sysctls in lab_sysctl.py, options in options.py."""

from lab_knob_kinds import MACHINE, NIC
from lab_setting import KNOBS
from lab_setting import told as told_setting
from lab_sysctl import GROUPS_TEXT
from lab_value import ANY, FLAG, number, text, wanted, words

from . import options
from .schema import schema

# The options of what the group's arm runs: (program knob that names it, its
# default).
OPTIONS = {"socket": ("receive", "block"), "order": ("transport", "send")}
RUNTIME = ("sysctl", "nic", "machine")  # turned while the machine runs
ELSEWHERE = ("host", "exchange", "wiretap")  # RUNTIME's, of another machine

PACE = text(schema()["definitions"]["pace"]["else"]["pattern"],
            schema()["definitions"]["pace"]["else"]["description"])
SHARE = r"\d+(\.\d+)?%?"


def lines(value, called):
    """What the exchange does to packets: to those of all lines, or of some."""
    return text(rf"{value}|A:{value}(,B:{value})?|B:{value}", called)


# Of the exchange, in the order of its options.
IMPAIRMENTS = {
    **dict.fromkeys(("lose", "duplicate", "swap"),
                    lines(SHARE, "a share, as in 1%, or A:1%,B:0.5%")),
    "delay": lines(rf"({SHARE}:)?\d+", "microseconds, or a share of packets "
                   "and microseconds, as in 1%:500, or A:1%:500,B:20")}
# Of the trader.
RECOVERY = {"recover": words("none", "request"),
            "recover_ms": number(1, 3600000)}
# A member of the family of that name, with its options.
PROGRAM = {"receive": ("member",), "channel": ("member",),
           "transport": ("member",), "send": ("member",), "pace": PACE,
           "build": text(r"path:\S+|(?!-|path:)\S+", "a revision of this "
                         "repository, or path:FOLDER, another tree"),
           "cflags": text(r"-\S+( -\S+)*", "options of the compiler"),
           "feed": ANY, **RECOVERY, **IMPAIRMENTS, "second_group": text(
               r"2(2[4-9]|3\d)(\.\d{1,3}){3}:\d{1,5}",
               "a multicast group and its port, as in 239.255.0.2:12345")}
PROCESS = {"cpu": number(0, 4095), "fifo": number(1, 99), "mlock": FLAG,
           "onload": text(r"\w[\w-]*(:EF_\w+=[^,:\s]+(,EF_\w+=[^,:\s]+)*)?",
                          "a profile of OpenOnload, or PROFILE:EF_NAME=VALUE,...")}


def domain():
    """Role domain's settings, without their prefix; where the exchange is."""
    return {"exchange_place": words("vm", "host"),
            **{name: row.value for name, row in KNOBS.items()}}


def table(group):
    """name -> what it may be; of a group that has such a table."""
    if group == "domain":
        return domain()
    rows = {"nic": NIC, "machine": MACHINE}.get(group)
    if rows:
        return {name: row.value for name, row in rows.items()}
    return {"program": PROGRAM, "process": PROCESS}[group]


def told():
    """(group.name, what it may be) of all."""
    for group in ("program", "process", "nic", "machine", "domain"):
        for name, value in table(group).items():
            yield f"{group}.{name}", ", ".join(options.families()[name]) \
                if value[0] == "member" else told_setting(KNOBS[name]) \
                if group == "domain" and name in KNOBS else wanted(value)
    yield "sysctl", GROUPS_TEXT
    for group, (family, _) in OPTIONS.items():
        for name in options.names(family):
            yield f"{group}.{name}", options.wanted(
                options.rows(family, name)[0]) + "; of " + ", ".join(
                    options.having(family, name))
