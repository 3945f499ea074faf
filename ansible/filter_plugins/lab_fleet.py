# SPDX-License-Identifier: MIT
"""What became of the cells of a fleet."""

MOST = 400
BUSY = 75  # of flock: see roles/fleet/vars/main.yml


def why(result, task):
    """Why a task of a cell failed, in a line: the end of what was said.

    result, task: ansible_failed_result and the name of ansible_failed_task.
    """
    if result.get("rc") == BUSY:
        return f"{task}: another campaign of a fleet runs there"
    said = [line.strip()
            for key in ("stderr", "module_stderr", "msg")
            for line in str(result.get(key) or "").split("\n")[-3:]
            if line.strip()
            and line.strip() != "non-zero return code"]
    text = "; ".join(said) or f"exit code {result.get('rc', 'not told')}"
    return f"{task}: {text}"[:MOST]


def cells(asked, hostvars):
    """The list `cells` of fleet.json (c/report/RESULTS.md).

    asked: of each cell a ping's result, skipped where the cell itself has said
    what became of it: __fleet_dead, empty where nothing did.
    """
    found = []
    for answer in asked:
        name = answer["item"]
        dead = hostvars[name].get("__fleet_dead")
        if dead is None and answer.get("unreachable"):
            dead = f"it does not answer: {answer.get('msg', '')}".strip()
        elif dead is None:
            dead = "it was lost in the middle, and answers again"
        found.append({"cell": name, **({"dead": dead} if dead else {})})
    return found


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_fleet_why": why, "lab_fleet_cells": cells}
