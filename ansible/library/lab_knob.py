#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Knobs of a running machine, which an experiment turns."""

DOCUMENTATION = r"""
module: lab_knob
short_description: Turn knobs of a machine, read them back, put them back
description:
  - What was found is written into a record before it is changed; see
    module_utils/lab_knob.py. A knob that is missing is told, not failed,
    unless it was to be applied.
  - ansible.posix.sysctl keeps values in a file of /etc and forgets what was
    there before; and what of NICs and /sys there is to turn has no module.
attributes:
  check_mode: {support: partial, description: "Tells what would be turned and
               put back; what the kernel would make of it is not known. In
               state probed it is skipped."}
  diff_mode: {support: full, description: Of the knobs that are turned.}
options:
  state: {description: "applied: after putting back what the record names;
          probed: turned and turned back; restored; dumped: only read.",
          choices: [applied, probed, restored, dumped], required: true}
  knobs: {description: "Each with kind, name and value.", type: list,
          elements: dict, default: []}
  sets: {description: "What is probed: each of these lists of knobs by itself.",
         type: list, elements: list, default: []}
  read: {description: "Further ones whose values are told: as they are after
         all are applied, or before any is put back.", type: list,
         elements: dict, default: []}
  interface: {description: Of market data., type: str, default: ""}
  record: {description: Its path., type: path, required: true}
"""

EXAMPLES = r"""
- name: Turn the knobs
  lab_knob:
    state: applied
    knobs:
      - {kind: sysctl, name: net.core.busy_read, value: 50}
      - {kind: nic, name: gro, value: "off"}
    interface: lab0
    record: /run/t2t-knobs/record.json

- name: Put them back
  lab_knob:
    state: restored
    record: /run/t2t-knobs/record.json
"""

RETURN = r"""
found: {description: "Values by kind and name; none of what is missing.",
        type: dict, returned: "where state is applied, restored or dumped"}
set: {description: "Each with knob, wanted, before and found.", type: list,
      elements: dict, returned: where state is applied}
missing: {description: "What can't be turned, each with knob and reason; where
          state is probed, a list of these for each set.", type: list,
          returned: where state is applied or probed}
restored: {description: What was put back., type: list, elements: str,
           returned: where state is restored}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_diff import asked, difference
from ansible.module_utils.lab_knob import Knobs


def diff_of(before, after):
    """Of the knobs that are others then."""
    return difference(*({name: one[name] for name in after
                         if before[name] != after[name]}
                        for one in (before, after)), "knobs")


def diff_back(entries, before):
    return diff_of(before, {one["name"]: one["before"] for one in entries})


def diff_set(done):
    """A socket is a fresh one each time: that is no change of the machine."""
    turned = [one for one in done
              if not one["knob"].startswith(("socket ", "order "))]
    return diff_of({one["knob"]: one["before"] for one in turned},
                   {one["knob"]: one["found"] for one in turned})


def foretell(module, knobs):
    """What would be done, where nothing may be."""
    state, entries = module.params["state"], knobs.left()
    if state == "probed":
        module.exit_json(skipped=True, changed=False, missing=[],
                         msg="in check mode no knob is turned to try it")
    found = knobs.look(module.params["read"])
    if state == "restored":
        before = knobs.look([one["knob"] for one in entries])
        module.exit_json(changed=bool(entries), found=found,
                         restored=[one["name"] for one in entries],
                         diff=diff_back(entries, before))
    done, missing = knobs.foresee(module.params["knobs"])
    if missing:
        module.fail_json(msg=missing[0]["reason"])
    diff = diff_set(done)
    module.exit_json(changed=bool(entries or diff["after"]), set=done,
                     missing=[], found=found, diff=diff)


def main():
    module = AnsibleModule(argument_spec={
        "state": {"choices": ["applied", "probed", "restored", "dumped"],
                  "required": True},
        "knobs": {"type": "list", "elements": "dict", "default": []},
        "sets": {"type": "list", "elements": "list", "default": []},
        "read": {"type": "list", "elements": "dict", "default": []},
        "interface": {"type": "str", "default": ""},
        "record": {"type": "path", "required": True},
    }, supports_check_mode=True)
    wanted, state = module.params["knobs"], module.params["state"]
    knobs = Knobs(module.params["record"], module.params["interface"],
                  dry=module.check_mode)
    if state == "dumped":
        module.exit_json(changed=False, found=knobs.look(wanted))
    if module.check_mode:
        foretell(module, knobs)
    if state == "probed":
        module.exit_json(changed=False, missing=[
            knobs.probe(one) for one in module.params["sets"]])
    found = knobs.look(module.params["read"])
    left = knobs.left() if asked(module) else []
    before = knobs.look([one["knob"] for one in left])
    restored, failed = knobs.restore()
    if failed:
        module.fail_json(msg="can't put back: " + "; ".join(
            f"{one['knob']}: {one['reason']}" for one in failed))
    if state == "restored":
        module.exit_json(changed=bool(restored), restored=restored,
                         found=found, diff=diff_back(left, before))
    done, missing = knobs.apply(wanted)
    if missing:
        knobs.restore()
        module.fail_json(msg=missing[0]["reason"])
    diff = diff_set(done)
    module.exit_json(changed=bool(restored or diff["after"]), set=done,
                     missing=[], found=knobs.look(module.params["read"]),
                     diff=diff)


if __name__ == "__main__":
    main()
