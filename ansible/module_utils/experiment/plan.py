# SPDX-License-Identifier: MIT
"""From a file to a plan: what runs, how the programs are started, and when."""

import gzip
import itertools
import json
import random
import re

from .builds import build_of
from .file import AGAIN, Checker, merged, rule_of, settings
from .knobs import IMPAIRMENTS, RECOVERY
from .machines import label, lacking
from .order import order
from .schema import schema
from .wrong import Wrong, unknown

SCHEMA = "t2t-lab-plan/1"
# Seconds that a trial takes beside the feed itself, and a guest's restart.
TRIAL_S = {"local": 1.2, "lab": 5, "metal": 2}
RESTART_S = {"kvm": 40, "tcg": 180, "none": 0}


def with_options(name, options):
    text = ",".join(f"{key}={value}" for key, value in options.items())
    return name if not text else f"{name}{',' if ':' in name else ':'}{text}"


def named(settings_, names):
    """Those settings as options of a program."""
    return [word for name in names if name in settings_
            for word in (f"--{name.replace('_', '-')}", settings_[name])]


def arguments(knobs, pace, group):
    """How the programs are started. The oracle is told by t2t-run what it has
    to know of it (c/campaign/trial_judge.c)."""
    program, process = settings(knobs, "program"), settings(knobs, "process")
    trader = ["--transport", with_options(program.get("transport", "send"),
                                          settings(knobs, "order"))]
    if "channel" in program:
        trader += ["--channel", program["channel"]]
    groups = ["--group", f"{group},{program['second_group']}"] \
        if "second_group" in program else []
    trader += groups + named(program, RECOVERY)
    trader += named(process, ("cpu", "fifo", "onload"))
    if process.get("mlock") == "on":
        trader.append("--mlock")
    exchange = ["--pace", program.get("pace", pace)]
    exchange += named(program, ("send", "channel", "feed"))
    exchange += groups + named(program, IMPAIRMENTS)
    return {"receive": with_options(program.get("receive", "block"),
                                    settings(knobs, "socket")),
            "trader": trader, "exchange": exchange, **build_of(knobs)}


def comparable(chosen, arms):
    """Is the baseline there, and another arm, if there ever was one?"""
    names = [arm["name"] for arm in arms]
    return chosen[0]["name"] in names and (len(chosen) == 1
                                           or len(names) > 2)


def trials(arms, blocks):
    """Each arm once a block. blocks: the arms' order in each."""
    found = [(block, arm) for block, row in enumerate(blocks) for arm in row]
    return [{"number": i + 1, "block": block, "arm": arm,
             "folder": f"trials/{i + 1:02}-{arms[arm]['name']}"}
            for i, (block, arm) in enumerate(found)]


def lines_in(feed):
    with gzip.open(feed, "rb") as file:
        return sum(chunk.count(b"\n")
                   for chunk in iter(lambda: file.read(1 << 20), b""))


def sessions(plan):
    """Of a trial: as often the feed is published."""
    name, _, count = plan["measure"].partition(":")
    return int(count or 100) if name == "logon" else 1


def seconds(plan):
    """About how long it takes."""
    rate = re.search(r"[:@](\d+)(\.\d+)?$", plan["pace"])
    each = TRIAL_S[plan["place"]] + sessions(plan) * (
        plan["lines"] / int(rate[1]) if rate and "file" not in plan["pace"]
        else 1)
    domains = [plan["arms"][trial["arm"]]["domain"]
               for trial in plan["trials"]]
    # From the lab as it stands and back to it.
    restarts = sum(a != b for a, b in
                   itertools.pairwise([{}, *domains, {}]))
    return round(each * len(plan["trials"])
                 + restarts * RESTART_S[plan["accelerator"]])


def begun_seed(folder):
    """Of a campaign that goes on; drawn anew it would be another. 0: none."""
    for name, path in (("manifest.json", ("parameters", "seed")),
                       ("plan.json", ("seed",))):
        try:
            with open(f"{folder}/{name}", encoding="utf-8") as file:
                found = json.load(file)
            for key in path:
                found = found[key]
            return int(found)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return 0


# As t2t-run --gate takes it.
GATE = re.compile(r"off|(((canary|steal|psi):[\d.]+%?|(gap|lateness):[\d.]+(ms)?"
                  r"|(canary|steal|psi|gap|lateness):off|repeats:\d+)"
                  r"(,(?!$)|$))+")
# What ends by its own verdict, and not by the time alone.
LOOKS = re.compile("decided|equivalent")


def plan(what, where):
    """what: experiment(); where: place, accelerator, paces (of accelerators),
    feed, group, and overrides: blocks, until, gate, verdict, judge, lines, pace,
    seed, threshold_usd, aggress, only (names of arms), begun (a folder), missing
    (arm -> reason, as the machines told)."""
    place = where["place"]
    if place not in what["places"]:
        raise Wrong(f"{what['name']} can't run in {place}; it can in: "
                    + ", ".join(what["places"]))
    names = [arm["name"] for arm in what["arms"]]
    only = str(where.get("only") or "").split()
    for name in only:
        if name not in names:
            raise Wrong(f"{what['name']}: arm '{name}': "
                        + unknown(name, names))
    chosen = [arm for arm in what["arms"] if not only or arm["name"] in only]
    pace = str(where.get("pace") or what["pace"].get(place, "auto"))
    pace = where["paces"][where["accelerator"]] if pace == "auto" else pace
    base = [knob for knob in what["base"] if not lacking(knob, place)]
    arms, skipped = [], [{"what": label(knob), "reason": lacking(knob, place)}
                         for knob in what["base"] if lacking(knob, place)]
    for arm in chosen:
        knobs = merged(base, arm["knobs"])
        reasons = [lacking(knob, place) for knob in arm["knobs"]]
        reasons.append((where.get("missing") or {}).get(arm["name"]))
        reason_ = next((one for one in reasons if one), None)
        if reason_:
            skipped.append({"what": arm["name"], "reason": reason_})
            continue
        arms.append({
            "name": arm["name"], "knobs": knobs,
            "domain": settings(knobs, "domain"),
            **arguments(knobs, pace, where["group"])})
    # The A/A pair: what is no difference has to look like none.
    if arms:
        arms.append(dict(arms[0], name=arms[0]["name"] + AGAIN))
    blocks = int(where.get("blocks") or what["blocks"].get(place, 5))
    # 0: drawn, so that no order is favoured by being everybody's.
    seed = (int(where.get("seed") or 0) or begun_seed(where.get("begun"))
            or what["seed"] or random.SystemRandom().randint(1, 10**6))
    checker = Checker("asked for")
    rule = rule_of(checker, what["rule"] | {
        key: where[key] for key in what["rule"] if where.get(key)})
    # A number of blocks that was asked for is that number.
    until = str(where.get("until")
                or ("" if int(where.get("blocks") or 0) else what["until"]))
    if until and not re.search(schema()["properties"]["until"]["pattern"],
                               until):
        checker.wrong("until", f"{until!r}: wanted: "
                      + schema()["properties"]["until"]["description"])
    gate = str(where.get("gate") or what["gate"])
    if gate and not GATE.fullmatch(gate):
        checker.wrong("gate", f"{gate!r}: wanted: off, or canary:30%, gap:2ms "
                      "and the like, with commas between")
    verdict = str(where.get("verdict") or what["verdict"])
    asked = bool(verdict)
    verdict = verdict or "each"
    if verdict not in schema()["properties"]["verdict"]["enum"]:
        checker.wrong("verdict", f"{verdict!r}: wanted: "
                      + schema()["properties"]["verdict"]["description"])
    if verdict == "none" and LOOKS.search(until):
        raise Wrong(f"{what['name']}: until {until}: needs a verdict, and "
                    "verdict is none")
    drawn = order(len(arms), blocks, seed)
    judge = str(where.get("judge") or what["judge"])
    if judge not in schema()["properties"]["judge"]["enum"]:
        checker.wrong("judge", f"{judge!r}: wanted: "
                      + schema()["properties"]["judge"]["description"])
    if verdict == "best" and judge != "p50":
        raise Wrong(f"{what['name']}: verdict: best is by p50, not by "
                    f"judge: {judge}")
    needed = drawn["best_needed" if verdict == "best" else
                   "blocks_needed" if judge == "p50" else "tail_needed"]
    if verdict != "none" and blocks < needed:
        if LOOKS.search(until):
            raise Wrong(f"{what['name']}: until {until}: {blocks} blocks can "
                        f"decide nothing; {needed} are needed")
        if (asked or judge != "p50") and comparable(chosen, arms) \
                and not int(where.get("blocks") or 0):
            raise Wrong(f"{what['name']}: blocks: {blocks} can decide "
                        f"nothing; {needed} are needed; for figures alone "
                        "say verdict: none")
        # So few, and nobody asked for a verdict: figures alone.
        verdict = "none"
    made = {
        "schema": SCHEMA, "name": what["name"], "question": what["question"],
        "place": place, "accelerator": where["accelerator"],
        "feed": where["feed"], "group": where["group"], "pace": pace,
        "blocks": blocks, "seed": seed, "warm_up": what["warm_up"],
        "lines": int(where.get("lines") or 0),
        **rule, "skipped": skipped, "aa": len(arms) - 1,
        "comparable": comparable(chosen, arms),
        "blocks_needed": needed,
        "verdict": verdict, "judge": judge, "measure": what["measure"],
        "block_tries": drawn["block_tries"],
        "arms": arms, "trials": trials(arms, drawn["order"]),
    }
    if made["measure"] != "orders" and sessions(made) <= made["warm_up"]:
        raise Wrong(f"{what['name']}: measure: {made['measure']}: all "
                    f"sessions warm up ({made['warm_up']}): no logon enters a "
                    "figure")
    made["seconds"] = seconds(made)
    if until:
        made["until"] = until
    if gate:
        made["gate"] = gate
    return made


def single(where):
    """The main job, once: a plan of one arm and one trial. where: as of
    plan(), with receive (a receive path) beside it."""
    pace = str(where.get("pace") or where["paces"][where["accelerator"]])
    name = where["receive"].partition(":")[0]
    shape = schema()["properties"]["rule"]["properties"]
    rule = rule_of(Checker("asked for"), {
        key: where.get(key) or shape[key]["default"] for key in shape})
    made = {
        "schema": SCHEMA, "name": "",
        "question": "how soon does an order leave?",
        "place": where["place"], "accelerator": where["accelerator"],
        "feed": where["feed"], "group": where["group"], "pace": pace,
        "blocks": 1, "seed": 1, "warm_up": 0,
        "lines": int(where.get("lines") or 0), **rule, "skipped": [],
        "arms": [{"name": name, "receive": where["receive"], "trader": [],
                  "exchange": [], "knobs": [], "domain": {}}],
    }
    return dict(made, trials=trials(made["arms"], [[0]]))
