# SPDX-License-Identifier: MIT
"""A plan, to be read."""

from .machines import label


def lasts(total):
    return f"{total // 60} min {total % 60:02} s" if total >= 60 else \
        f"{total} s"


def text(made):
    """The plan, to be read."""
    figures = "orders" if made["measure"] == "orders" else "logons"
    rows = [f"experiment  {made['name']}: {made['question']}",
            f"place       {made['place']}, accelerator {made['accelerator']}",
            f"rule        larger than {made['threshold_usd']} USD, aggress "
            f"{made['aggress']}; the first {made['warm_up']} {figures} of a "
            "trial enter no figure",
            f"pace        {made['pace']}, {made['lines'] or 'all'} lines",
            f"trials      {len(made['trials'])} in {made['blocks']} blocks, "
            f"seed {made['seed']}, about {lasts(made['seconds'])}"]
    if made["verdict"] == "best":
        rows.append("verdict     which arm is the best: who is slower runs "
                    "no more")
    if made["measure"] != "orders":
        rows.append(f"measure     {made['measure']}")
    if made["judge"] != "p50":
        rows.append(f"judge       {made['judge']} of all {figures}")
    if "until" in made:
        rows.append(f"until       {made['until']}: perhaps fewer of them")
    if "gate" in made:
        rows.append(f"gate        {made['gate']}")
    rows.append("")
    width = max([len(arm["name"]) for arm in made["arms"]] + [0])
    for i, arm in enumerate(made["arms"]):
        told = ", ".join(f"{label(knob)}={knob['value']}"
                         for knob in arm["knobs"]) or "as it is"
        note = {0: " (baseline)",
                made["aa"]: " (the baseline again: A/A)"}.get(i, "")
        rows.append(f"  {arm['name']:<{width}}  {told}{note}")
    if made["blocks"] < made["blocks_needed"]:
        rows.append(f"  no verdict: {made['blocks_needed']} blocks are needed "
                    "for one")
    rows += [f"  skipped: {one['what']}: {one['reason']}"
             for one in made["skipped"]]
    orders = {}
    for trial in made["trials"]:
        orders.setdefault(trial["block"], []).append(
            made["arms"][trial["arm"]]["name"])
    rows += ["", *(f"  block {block + 1}: {', '.join(names)}"
                   for block, names in orders.items())]
    return "\n".join(rows)
