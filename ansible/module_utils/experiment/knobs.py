# SPDX-License-Identifier: MIT
"""The groups of knobs that a file may have below an arm, and what each name of
them may be (lab_value.py). Those of NICs and machines are in lab_knob_kinds.py,
sysctls in lab_sysctl.py, options in options.py."""

import functools
import os

import yaml
from lab_knob_kinds import MACHINE, NIC
from lab_nic import MODELS
from lab_sysctl import GROUPS_TEXT
from lab_value import ANY, FLAG, LIST, number, text, words, wanted

from . import options
from .schema import schema

ROLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../../roles/domain/meta/argument_specs.yml")
# The options of what the group's arm runs: (program knob that names it, its
# default).
OPTIONS = {"socket": ("receive", "block"), "order": ("transport", "send")}
RUNTIME = ("sysctl", "nic", "machine")  # turned while the machine runs
ELSEWHERE = ("host", "exchange")        # RUNTIME's, of another machine

PACE = text(schema()["definitions"]["pace"]["else"]["pattern"],
            schema()["definitions"]["pace"]["else"]["description"])
# A member of the family of that name, with its options.
PROGRAM = {"receive": ("member",), "channel": ("member",),
           "transport": ("member",), "send": ("member",), "pace": PACE,
           "feed": ANY}
PROCESS = {"cpu": number(0, 4095), "fifo": number(1, 99), "mlock": FLAG}
# Of role domain's variables, those that name a guest or say where it is.
IDENTITY = ("hypervisor", "role", "name", "uuid", "folder", "emulator",
            "bridge_lab", "bridge_management", "tap_lab", "tap_management",
            "mac_lab", "mac_management", "address_lab", "address_management")
# What the role's argument_specs don't say of a setting.
XML = text(r"(?s).*", "XML")
NARROWER = {
    "vcpus": number(1, 64), "memory_mib": number(256, 1 << 20),
    "iothreads": number(0, 16), "vcpu_fifo": number(0, 99),
    "emulator_fifo": number(0, 99), "iothread_fifo": number(0, 99),
    "nic_queues": number(1, 64), "nic_rx_ring": number(0, 65536),
    "nic_tx_ring": number(0, 65536), "nic_model": words(*MODELS),
    "hugepage_kib": words("0", "2048", "1048576"), "raw_devices": XML,
    "raw_xml": XML,
}
BY_TYPE = {"str": ANY, "int": number(0, 2**31 - 1), "bool": FLAG, "raw": LIST}


@functools.lru_cache
def domain():
    """Role domain's settings, without their prefix; where the exchange is."""
    with open(ROLE, encoding="utf-8") as file:
        specs = yaml.safe_load(file)["argument_specs"]["main"]["options"]
    found = {"exchange_place": words("vm", "host")}
    for variable, spec in specs.items():
        name = variable.removeprefix("domain_")
        if name not in IDENTITY:
            found[name] = NARROWER.get(name) or (
                words(*spec["choices"]) if "choices" in spec
                else BY_TYPE[spec["type"]])
    return found


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
                if value[0] == "member" else wanted(value)
    yield "sysctl", GROUPS_TEXT
    for group, (family, _) in OPTIONS.items():
        for name in options.names(family):
            yield f"{group}.{name}", options.wanted(
                options.rows(family, name)[0]) + "; of " + ", ".join(
                    options.having(family, name))
