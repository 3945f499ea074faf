# SPDX-License-Identifier: MIT
"""A small plan of each experiment that this machine can run by itself, for
experiments_each.sh: two arms, one block, few lines; what the machine lacks is
left out by name, as the playbook does. FOLDER, FEED and LINES are arguments."""

import json
import os
import subprocess
import sys

ANSIBLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../../ansible")
sys.path.insert(0, os.path.join(ANSIBLE, "module_utils"))
sys.dont_write_bytecode = True
os.environ.setdefault("T2T_PROGRAMS", os.environ["BUILD"])
# pylint: disable=wrong-import-position
from experiment.file import experiment  # noqa: E402
from experiment.machines import reason, tried  # noqa: E402
from experiment.plan import plan  # noqa: E402
from experiment.site import with_commands  # noqa: E402

KNOB = os.path.join(ANSIBLE, "module_utils/lab_knob.py")


def missing(arm, record):
    """Why the arm can't be here; None if it can."""
    if not tried(arm["knobs"]):
        return None
    done = subprocess.run(
        [sys.executable, KNOB, "probe", "--rig", "--record", record,
         "--knobs", json.dumps(tried(arm["knobs"]))],
        capture_output=True, text=True, check=False)
    return reason(json.loads(done.stdout)["missing"])


def main(folder, feed, lines):
    record = os.path.join(folder, "knobs.json")
    where = {"place": "local", "accelerator": "none", "feed": feed,
             "paces": {"none": "rate:1000"}, "group": "239.255.0.1:12345",
             "lines": int(lines), "blocks": 1}
    experiments = os.path.join(ANSIBLE, "experiments")
    for file in sorted(os.listdir(experiments)):
        if not file.endswith(".yml"):
            continue
        what = experiment(os.path.join(experiments, file))
        if "local" not in what["places"]:
            continue
        # What has room for 42 datagrams is to have it for as long as a busy
        # machine may stand still.
        where["pace"] = ("rate:300" if what["name"] == "buffers"
                         else "rate:1000")
        where["only"] = " ".join(arm["name"] for arm in what["arms"][:2])
        made = plan(what, where)
        lacking = {arm["name"]: missing(arm, record)
                   for arm in made["arms"][:-1]}
        where["missing"] = {name: why for name, why in lacking.items() if why}
        made = with_commands(plan(what, where), {
            "python": sys.executable, "knob": KNOB, "record": record})
        where["missing"] = {}
        made["warm_up"] = 0
        if made["measure"] != "orders":
            made["measure"] = "logon:3"
        with open(os.path.join(folder, what["name"] + ".json"), "w",
                  encoding="utf-8") as out:
            json.dump(made, out)
        reasons = "; ".join(f"{one['what']}: {one['reason']}"
                            for one in made["skipped"])
        print(what["name"], "yes" if made["comparable"] else "no", reasons,
              sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
