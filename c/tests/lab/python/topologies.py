# SPDX-License-Identifier: MIT
"""Machines that are described in ../topologies/: what /sys and /proc say.

A file's key is a path, its value the text there, or the lines of it. A "*" in
a path stands for the number of a CPU, and its value is a list of what each
CPU's file says, null where a CPU has none.
"""

import functools
import json
import os
import pathlib
import tempfile

import lab_machine

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "topologies"


def names():
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def files(name):
    """(path, text) of each."""
    described = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    del described["about"]
    for path, value in described.items():
        if "*" in path:
            yield from ((path.replace("*", str(cpu)), text)
                        for cpu, text in enumerate(value) if text is not None)
        else:
            yield path, value if isinstance(value, str) else "\n".join(value)


def unfold(name, root):
    """As files below root."""
    for path, text in files(name):
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        pathlib.Path(root + path).write_text(text + "\n", "utf-8")


@functools.lru_cache
def facts(name):
    """What the lab's module reads of it."""
    with tempfile.TemporaryDirectory() as root:
        unfold(name, root)
        return {"cpus": lab_machine.cpus(root),
                "memory": lab_machine.memory(root)}
