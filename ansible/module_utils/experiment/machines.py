# SPDX-License-Identifier: MIT
"""What a plan turns on which machine, what each machine said, and which guests
an arm wants. sides: where, as experiments call it, and host."""

import hashlib
import json

from .knobs import OPTIONS, RUNTIME
from .wrong import Wrong

TURNED = ("kind", "name", "value")
TRIED = (*TURNED, "read_back")
MISSING = {"host": "host beside the trader",
           "exchange": "exchange beside the trader",
           # Where it is a guest's host or the exchange's machine, it has not
           # the NIC of one.
           "wiretap": "machine that is the wiretap's alone"}


def label(knob):
    where = "" if knob["where"] == "trader" else knob["where"] + "."
    return f"{where}{knob['kind']}.{knob['name']}"


def lacking(knob, place):
    """Why a place can't have such a knob at all; None: it may."""
    if place == "lab":
        return None
    if knob["kind"] == "domain":
        return f"{place} has no {label(knob)}: no virtual machine there"
    if knob["where"] == "host":
        return f"{place} has no {label(knob)}: no host below the trader"
    if knob["where"] != "trader" and place == "local":
        return f"local has no {label(knob)}: one machine for all"
    return None


def turned(knobs, where="trader"):
    return [{key: knob[key] for key in TURNED} for knob in knobs
            if knob["where"] == where and knob["kind"] in RUNTIME]


def tried(knobs, where="trader"):
    """What a probe turns there, those of sockets too."""
    return turned(knobs, where) + [
        {key: knob[key] for key in TRIED if key in knob} for knob in knobs
        if knob["where"] == where and knob["kind"] in OPTIONS]


def beside(arm, sides):
    """The sides as they are while the arm runs, which may ask for the
    exchange on the host, or for the guest that its side names."""
    host = next((side["host"] for side in sides if side["where"] == "host"),
                None)
    place = arm["domain"].get("exchange_place")
    return [dict(side, host={"host": host, "vm": side.get("guest")}.get(place)
                 or side["host"]) if side["where"] == "exchange" else side
            for side in sides]


def by_machine(sides):
    """host -> the sides that are there, in order."""
    found = {}
    for side in sides:
        found.setdefault(side["host"], []).append(side["where"])
    return found


def conflict(arm, sides):
    """Of the first knob that two sides of one machine want otherwise; None of
    none."""
    for places in by_machine(beside(arm, sides)).values():
        first = {}
        for knob in arm["knobs"]:
            if knob["where"] not in places or knob["kind"] not in RUNTIME:
                continue
            other = first.setdefault((knob["kind"], knob["name"]), knob)
            if other["value"] != knob["value"]:
                return (f"{label(other)}={other['value']} and "
                        f"{label(knob)}={knob['value']}: they are one "
                        "machine's")
    return None


def once(knobs):
    """Each kind and name once."""
    return list({(knob["kind"], knob["name"]): knob
                 for knob in knobs}.values())


def turning(made, arm, sides):
    """What a trial turns and reads on each machine where something is turned
    in any trial: host, where, set and read. Sides that share a machine share
    its record, so they are turned together."""
    why = conflict(arm, sides)
    if why:
        raise Wrong(f"{made['name']}: {arm['name']}: {why}")
    found = []
    for host, places in by_machine(beside(arm, sides)).items():
        read = once(one for where in places for one in reads(made, where))
        if read:
            found.append({
                "host": host, "where": ", ".join(places), "read": read,
                "set": once(one for where in places
                            for one in turned(arm["knobs"], where))})
    return found


def tried_of(arm, places):
    """(where, knob) of what a probe turns for the arm on one machine. Whether
    a guest of the arm's own can give its NIC away, the one that runs by now
    can't tell."""
    return [(where, knob) for where in places
            for knob in tried(arm["knobs"], where)
            if where != "trader" or not arm["domain"]
            or (knob["kind"], knob["name"]) != ("nic", "driver")]


def tries(arms, sides):
    """Of each machine where an arm turns something: what each of these arms
    turns there, and whose that is. sides: where, as experiments call it, and
    host."""
    found = []
    for host, places in by_machine(sides).items():
        turn = [{"arm": arm["name"],
                 "whose": {f"{one['kind']} {one['name']}": where
                           for where, one in tried_of(arm, places)},
                 "knobs": once(one for _, one in tried_of(arm, places))}
                for arm in arms]
        turn = [one for one in turn if one["knobs"]]
        if turn:
            found.append({"host": host, "where": ", ".join(places),
                          "arms": turn})
    return found


def reason(missing, whose=None):
    """Of the first that is missing; None of none. whose: label -> where."""
    if not missing:
        return None
    where = (whose or {}).get(missing[0]["knob"], "trader")
    place = "" if where == "trader" else where + "."
    return f"{place}{missing[0]['knob']}: {missing[0]['reason']}"


def nowhere(knobs, sides):
    """Of the first knob whose machine is not there; None of none."""
    places = [side["where"] for side in sides]
    return next((f"{label(knob)}: no {MISSING[knob['where']]}"
                 for knob in knobs if knob["where"] not in places), None)


def reads(made, where):
    """All knobs that some arm turns there: each trial tells them."""
    found = []
    for arm in made["arms"]:
        for knob in turned(arm["knobs"], where):
            one = {"kind": knob["kind"], "name": knob["name"]}
            if one not in found:
                found.append(one)
    return found


def ran_of(results, place, reports=None, lab=None):
    """For the manifest: the programs that ran, where, and the machines, each
    with what was reported of it. On metal the trader's is the one that is
    measured; in the lab it stays the one that all guests run on, of which lab
    tells more."""
    programs, machines = {}, {}
    for result in results:
        found, host = result["provenance"], result["item"]["host"]
        for name, program in found["programs"].items():
            programs[name] = dict(program, version=found["version"],
                                  machine=host)
        machines[host] = found["host"]
    for host, report in (reports or {}).items():
        machines[host] = {**machines.get(host, {}), **report}
    made = {"programs": programs, "machines": machines}
    if lab:
        made["lab"] = lab
    if place == "metal":
        made["host"] = machines[results[0]["item"]["host"]]
    return made


def lost_of(results):
    """The machines that a loop over them did not reach."""
    return [result["item"] for result in results if result.get("unreachable")]


def panicked_of(results):
    """A line for each guest whose kernel panicked: what it said, and where its
    memory is to be found."""
    return [f"{result['item']}'s kernel panicked: "
            f"{result['said'] or 'it did not say why'}; "
            + (f"its memory: {', '.join(result['dumps'])}"
               if result["dumps"] else "no dump was asked for")
            for result in results if result.get("panicked")]


# Settings that both guests have, or none.
EVERYBODYS = ("exchange_place", "shared_memory_mib")


def variables(wanted):
    """Of an arm's settings, as the inventory calls them."""
    return {name if name == "exchange_place" else f"domain_{name}": value
            for name, value in wanted.items()}


def command_line():
    """What the user gave by --extra-vars."""
    # pylint: disable=import-outside-toplevel
    from ansible.parsing.dataloader import DataLoader
    from ansible.utils.vars import load_extra_vars
    return load_extra_vars(DataLoader())


def handed_down(wanted, given=None):
    """What the user gave that a lab's verb below this one is given too: all
    but what the arm itself sets, which would go over the arm."""
    given = command_line() if given is None else given
    return {name: value for name, value in given.items()
            if name not in variables(wanted)}


def change_guests(arms):
    """Does one of them want guests of its own? Then each has them named."""
    return any(arm["domain"] for arm in arms)


def settings_name(wanted):
    """What settings are called that have no name; "" where there are none."""
    text = json.dumps(wanted, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8] if wanted else ""


def layer(wanted):
    """What the disk of a guest with an arm's settings is called."""
    return settings_name({name: value for name, value in wanted.items()
                          if name != "exchange_place"})


def folder(arm):
    """What the inventory of an arm's guests is called: alike guests, one."""
    return settings_name(arm["domain"]) or "inventory"


def overlay(wanted, trader, hosts, given=None):
    """host -> variables that go over the lab's inventory: the settings are of
    the trader's guest alone, but the exchange's place is everybody's, and so
    is memory that they share. What the user gave for all guests stays for the
    others. Guests whose place others take sleep until they are wanted
    again."""
    given = command_line() if given is None else given
    own = variables(wanted)
    found = {}
    for host in hosts:
        found[host] = {"lab_campaign": True}
        found[host].update(
            (name, given[name]) for name in own if name in given)
        shared = wanted if host == trader else {
            name: value for name, value in wanted.items()
            if name in EVERYBODYS}
        found[host].update(variables(shared))
        if host == trader or layer(shared):
            found[host]["lab_layer"] = layer(shared)
    return found


def inventory(hosts):
    """Its files: the hosts' variables have one each, for what stands in a file
    of the lab's own inventory goes over what stands beside a host's name."""
    return [{"path": "hosts.yml",
             "content": {"all": {"hosts": {host: {} for host in hosts}}}},
            *({"path": f"host_vars/{host}.yml", "content": found}
              for host, found in hosts.items())]


def guests(arms, trader, hosts, given=None):
    """The inventories of all arms, where one of them wants guests of its own:
    name, files, and the arms and their settings."""
    found = {}
    for arm in arms if change_guests(arms) else ():
        name = folder(arm)
        found.setdefault(name, {
            "name": name, "domain": arm["domain"], "arms": [],
            "files": inventory(overlay(arm["domain"], trader, hosts,
                                       given))})
        found[name]["arms"].append(arm["name"])
    return list(found.values())


def fault(result):
    """What the doctor would fail an arm's guests for; None if nothing."""
    if "stdout" not in result:
        return None
    rows = [row for row in json.loads(result["stdout"])
            if row["state"] == "FAIL"]
    return f"{rows[0]['check']}: {rows[0]['found']}; wanted: " \
        f"{rows[0]['wanted']}" if rows else None


def missing_of(arms, sides, probed, asked):
    """Of each arm that can't be, by name: the first reason. probed: what each
    of tries() found, an arm at a time; asked: what the doctor said of each
    arm."""
    told = [(arm["name"], nowhere(arm["knobs"], sides)
             or conflict(arm, sides)) for arm in arms]
    told += [(tried_arm["arm"], reason(missing, tried_arm["whose"]))
             for one in probed
             for tried_arm, missing in zip(one["item"]["arms"],
                                           one["missing"])]
    told += [(arm, fault(one)) for one in asked
             for arm in one["item"]["arms"]]
    return {name: why for name, why in reversed(told) if why}
