#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Knobs of a running machine, which an experiment turns."""

DOCUMENTATION = r"""
module: lab_knob
short_description: Turn knobs of a machine, read them back, put them back
description: What was found is written into a record before it is changed; see
  module_utils/lab_knob.py. A knob that is missing is told, not failed, unless
  it was to be applied.
options:
  state: {description: "applied: after putting back what the record names;
          probed: turned and turned back; restored; dumped: only read.",
          choices: [applied, probed, restored, dumped], required: true}
  knobs: {description: "Each with kind, name and value.", type: list,
          elements: dict, default: []}
  read: {description: "Further ones whose values are told: as they are after
         all are applied, or before any is put back.", type: list,
         elements: dict, default: []}
  interface: {description: Of market data., type: str, default: ""}
  record: {description: Its path., type: path, required: true}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_knob import Knobs


def main():
    module = AnsibleModule(argument_spec={
        "state": {"choices": ["applied", "probed", "restored", "dumped"],
                  "required": True},
        "knobs": {"type": "list", "elements": "dict", "default": []},
        "read": {"type": "list", "elements": "dict", "default": []},
        "interface": {"type": "str", "default": ""},
        "record": {"type": "path", "required": True},
    })
    wanted, state = module.params["knobs"], module.params["state"]
    knobs = Knobs(module.params["record"], module.params["interface"])
    if state == "dumped":
        module.exit_json(changed=False, found=knobs.look(wanted))
    if state == "probed":
        module.exit_json(changed=False, missing=knobs.probe(wanted))
    found = knobs.look(module.params["read"])
    restored, failed = knobs.restore()
    if failed:
        module.fail_json(msg="can't put back: " + "; ".join(
            f"{one['knob']}: {one['reason']}" for one in failed))
    if state == "restored":
        module.exit_json(changed=bool(restored), restored=restored,
                         found=found)
    done, missing = knobs.apply(wanted)
    if missing:
        knobs.restore()
        module.fail_json(msg=missing[0]["reason"])
    module.exit_json(changed=bool(done), set=done, missing=[],
                     found=knobs.look(module.params["read"]))


if __name__ == "__main__":
    main()
