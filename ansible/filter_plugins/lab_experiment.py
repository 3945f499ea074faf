# SPDX-License-Identifier: MIT
"""Experiments: their files are read, checked and made into plans.

By itself this file is a program: `list FOLDER` prints a line for each
experiment, `check FILE...` what is wrong with them.
"""

import glob
import gzip
import itertools
import json
import os
import random
import re
import sys

import yaml

try:
    from ansible.errors import AnsibleFilterError as Wrong
except ImportError:
    Wrong = ValueError

# Filters find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable-next=wrong-import-position
from lab_knob import REFUSED  # noqa: E402

SCHEMA = "t2t-lab-plan/1"
PLACES = ("local", "lab", "metal")
PACE = r"max|rate:[1-9]\d*|poisson:[1-9]\d*|file(:\d+(\.\d+)?)?"
NAME = r"[a-z0-9][a-z0-9.+-]*"
CPUS = r"\d+(-\d+)?(,\d+(-\d+)?)*"
ARMS_MAX = 16
# The baseline is repeated under this name: the A/A pair.
AGAIN = "-again"
# As measure/campaign.h has it: t2t-run puts a void block aside so often.
BLOCK_TRIES = 3

# What a value may be: ("flag",), ("number", least, most), ("words", ...),
# ("text", pattern, how it is called).
FLAG = ("flag",)
ANY = ("text", r"[^\n]*", "a text")


def number(least, most):
    return ("number", least, most)


def words(*choices):
    return ("words", *choices)


KNOBS = {
    "program": {
        "receive": ("text", r"[a-z][a-z0-9_-]*(:.+)?", "a receive path"),
        "channel": ("text", r"[a-z][a-z0-9_-]*(:.+)?", "a channel"),
        "transport": ("text", r"[a-z][a-z0-9_-]*(:.+)?", "a transport"),
        "send": ("text", r"[a-z][a-z0-9_-]*(:.+)?", "a send path"),
        "pace": ("text", PACE, "max, rate:N, poisson:N or file[:SPEED]"),
        "feed": ANY,
    },
    "process": {"cpu": number(0, 4095), "fifo": number(1, 99), "mlock": FLAG},
    # Behind the receive path's colon.
    "socket": {
        "rcvbuf": number(4096, 1 << 30), "timestamps": FLAG,
        "rcvlowat": number(1, 1 << 30), "busy_poll": number(0, 1000000),
        "prefer_busy_poll": FLAG,
        "incoming_cpu": number(0, 4095), "priority": number(0, 15),
    },
    # Behind the transport's colon.
    "order": {
        "nodelay": FLAG, "quickack": FLAG, "tos": number(0, 255),
        "priority": number(0, 15), "sndbuf": number(4096, 1 << 30),
        "sndlowat": number(1, 1 << 30), "rcvlowat": number(1, 1 << 30),
        "notsent_lowat": number(1, 1 << 30),
        "busy_poll": number(0, 1000000), "incoming_cpu": number(0, 4095),
    },
    "nic": {
        **dict.fromkeys(("rx", "tx", "sg", "tso", "gso", "gro", "lro",
                         "rxhash", "adaptive-rx", "adaptive-tx"), FLAG),
        **dict.fromkeys(("rx-usecs", "rx-frames", "tx-usecs", "tx-frames"),
                        number(0, 100000)),
        **dict.fromkeys(("rx-ring", "tx-ring"), number(1, 65536)),
        **dict.fromkeys(("rps_cpus", "xps_cpus"),
                        ("text", r"[0-9a-f,]+", "a hexadecimal mask")),
        "threaded": number(0, 1),
        "napi_defer_hard_irqs": number(0, 1000000),
        "gro_flush_timeout": number(0, 10**9),
        "irq_affinity": ("text", CPUS, "CPUs, as in 0,2-3"),
    },
    "machine": {
        "thp": words("always", "madvise", "never"),
        "thp_defrag": words("always", "defer", "defer+madvise", "madvise",
                            "never"),
        "governor": words("performance", "powersave", "schedutil", "ondemand",
                          "conservative", "userspace"),
    },
    # role domain's variables, without the prefix; and where the exchange is.
    "domain": {
        "accelerator": words("auto", "kvm", "tcg"), "machine": ANY,
        "vcpus": number(1, 64), "cpu_model": ANY, "cpu_features_off": ("list",),
        "vcpupin": ("list",), "emulatorpin": ANY, "iothreadpin": ANY,
        "iothreads": number(0, 16), "vcpu_fifo": number(0, 99),
        "memory_mib": number(256, 1 << 20),
        "hugepage_kib": words("0", "2048", "1048576"),
        "memory_locked": FLAG, "kernel": ANY, "kernel_arguments": ANY,
        "nic_model": words("virtio", "e1000", "e1000e", "vmxnet3", "rtl8139",
                           "igb"),
        "nic_driver": words("qemu", "vhost"), "nic_queues": number(1, 64),
        "nic_rx_ring": number(0, 65536), "nic_tx_ring": number(0, 65536),
        "nic_offloads": words("default", "on", "off"),
        "raw_devices": ("text", r"(?s).*", "XML"),
        "raw_xml": ("text", r"(?s).*", "XML"),
        "exchange_place": words("vm", "host"),
    },
}
# A key is a sysctl's name; these families are known.
SYSCTLS = (r"net\.core\.(busy_read|busy_poll|[rw]mem_(max|default)|optmem_max|"
           r"netdev_budget|netdev_budget_usecs|netdev_max_backlog|"
           r"default_qdisc|dev_weight\w*|gro_normal_batch|"
           r"rps_sock_flow_entries|skb_defer_max|netdev_tstamp_prequeue|"
           r"bpf_jit_enable|somaxconn)|"
           r"net\.ipv4\.(tcp|udp|ip|igmp)_\w+|vm\.\w+|kernel\.\w+")
# The transports that take the options of the order connection.
ORDER_TRANSPORTS = ("send",)
RUNTIME = ("sysctl", "nic", "machine")  # turned while the machine runs
ELSEWHERE = ("host", "exchange")        # RUNTIME's, of another machine
KEYS = {
    "question": True, "places": True, "arms": False, "factors": False,
    "base": False, "seed": False, "blocks": False, "pace": False,
    "lines": False, "warm_up": False, "rule": False,
}
# Seconds that a trial takes beside the feed itself, and a guest's restart.
TRIAL_S = {"local": 1.2, "lab": 45, "metal": 12}
RESTART_S = {"kvm": 40, "tcg": 180, "none": 0}


class Checker:
    """Of one file: the first fault ends it."""

    def __init__(self, file):
        self.file = file

    def wrong(self, key, what):
        raise Wrong(f"{self.file}: {key}: {what}")

    def value(self, key, value, kind):
        """The value as text, as programs take it."""
        if kind[0] == "flag":
            on = {True: "on", False: "off"}.get(
                value if isinstance(value, bool) else None, value)
            if on not in ("on", "off"):
                self.wrong(key, f"{value!r}: wanted: on or off")
            return on
        if kind[0] == "number":
            if isinstance(value, bool) or not isinstance(value, int) or \
                    not kind[1] <= value <= kind[2]:
                self.wrong(key, f"{value!r}: wanted: {kind[1]} to {kind[2]}")
            return str(value)
        if kind[0] == "words":
            # YAML takes on and off for truth values, and 0 for a number.
            text = {True: "on", False: "off"}.get(
                value if isinstance(value, bool) else None, str(value))
            if text not in kind[1:]:
                self.wrong(key, f"{value!r}: wanted: "
                           + ", ".join(kind[1:]))
            return text
        if kind[0] == "list":
            if value not in ("auto", "") and not isinstance(value, list):
                self.wrong(key, f"{value!r}: wanted: a list, or auto")
            return value
        if isinstance(value, (dict, list, bool)) or \
                not re.fullmatch(kind[1], str(value)):
            self.wrong(key, f"{value!r}: wanted: {kind[2]}")
        return str(value)

    def mapping(self, key, value, allowed):
        if not isinstance(value, dict):
            self.wrong(key, f"{value!r}: wanted: key: value, with keys "
                       + ", ".join(sorted(allowed)))
        for one in value:
            if one not in allowed:
                self.wrong(f"{key}.{one}", "unknown; there are: "
                           + ", ".join(sorted(allowed)))

    def knobs(self, where, key, value):
        """A list of knobs from what stands below an arm."""
        families = [*KNOBS, "sysctl", *ELSEWHERE] if where == "trader" else \
            RUNTIME
        found = []
        self.mapping(key, value, families)
        for family, settings in value.items():
            path = f"{key}.{family}"
            if family in ELSEWHERE:
                found += self.knobs(family, path, settings)
                continue
            if family == "sysctl":
                found += self.sysctls(where, path, settings)
                continue
            self.mapping(path, settings, KNOBS[family])
            found += [{"where": where, "kind": family, "name": name,
                       "value": self.value(f"{path}.{name}", one,
                                           KNOBS[family][name])}
                      for name, one in settings.items()]
        return found

    def sysctls(self, where, key, settings):
        if not isinstance(settings, dict):
            self.wrong(key, f"{settings!r}: wanted: sysctl: value")
        found = []
        for name, value in settings.items():
            if not re.fullmatch(SYSCTLS, str(name)):
                self.wrong(f"{key}.{name}", "unknown; there are: "
                           "net.core.*, net.ipv4.tcp_*, udp_*, ip_*, vm.* "
                           "and kernel.*")
            if name in REFUSED:
                self.wrong(f"{key}.{name}", "no experiment may turn it: "
                           + REFUSED[name])
            found.append({"where": where, "kind": "sysctl", "name": name,
                          "value": self.value(f"{key}.{name}", value,
                                              ("text", r"[\w. -]+",
                                               "a number or a word"))})
        return found


def by_place(checker, key, value, kind):
    """One value, or one a place."""
    if isinstance(value, dict):
        checker.mapping(key, value, PLACES)
        return {place: checker.value(f"{key}.{place}", one, kind)
                for place, one in value.items()}
    return dict.fromkeys(PLACES, checker.value(key, value, kind))


def arms_of(checker, data):
    """name -> knobs; of factors, all that they make together."""
    if ("arms" in data) == ("factors" in data):
        checker.wrong("arms", "wanted: either arms or factors")
    key = "arms" if "arms" in data else "factors"
    if not isinstance(data[key], dict) or not data[key]:
        checker.wrong(key, "wanted: name: knobs; the first is the baseline")
    factors = {"": data["arms"]} if key == "arms" else data["factors"]
    levels = []
    for factor, arms in factors.items():
        path = f"{key}.{factor}".rstrip(".")
        if not isinstance(arms, dict) or not arms:
            checker.wrong(path, "wanted: name: knobs")
        for name in arms:
            if not re.fullmatch(NAME, str(name)):
                checker.wrong(f"{path}.{name}", "a name is made of a-z, 0-9, "
                              "., + and -")
        levels.append([(str(name), checker.knobs("trader", f"{path}.{name}",
                                                 knobs or {}))
                       for name, knobs in arms.items()])
    arms = [{"name": "+".join(name for name, _ in level),
             "knobs": [knob for _, knobs in level for knob in knobs]}
            for level in itertools.product(*levels)]
    again = arms[0]["name"] + AGAIN
    if any(arm["name"] == again for arm in arms):
        checker.wrong(f"{key}.{again}", "is what the baseline is called the "
                      "second time")
    # One more is the A/A pair's.
    if len(arms) > ARMS_MAX - 1:
        checker.wrong(key, f"{len(arms)} arms: {ARMS_MAX - 1} at most")
    return arms


def options_insist(checker, base, arms):
    """Options of the order connection go with a transport that takes them."""
    for arm in arms:
        knobs = merged(base, arm["knobs"])
        options = settings(knobs, "order")
        transport = settings(knobs, "program").get("transport", "send")
        if options and transport.partition(":")[0] not in ORDER_TRANSPORTS:
            checker.wrong(f"arms.{arm['name']}.order.{min(options)}",
                          f"the transport {transport} has no such option; "
                          "there are: " + ", ".join(ORDER_TRANSPORTS))


def rule_of(checker, rule):
    """What calls for an order, and which side it takes."""
    return {
        "threshold_usd": checker.value(
            "rule.threshold_usd", rule.get("threshold_usd", "1000000"),
            ("text", r"\d+(\.\d+)?", "an amount")),
        "aggress": checker.value("rule.aggress",
                                 rule.get("aggress", "opposite"),
                                 words("opposite", "same")),
    }


def experiment(path):
    """The file, checked: all values text, all defaults filled in."""
    checker = Checker(os.path.basename(path))
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.safe_load(file)
    except FileNotFoundError:
        there = ", ".join(sorted(
            os.path.basename(one)[:-4] for one in
            glob.glob(os.path.join(os.path.dirname(path), "*.yml"))))
        raise Wrong(f"no experiment '{checker.file[:-4]}'; there are: "
                    f"{there}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or "it is no text"
        raise Wrong(f"{checker.file}:{line} no YAML: {problem}") from None
    checker.mapping("the file", data, KEYS)
    for key, required in KEYS.items():
        if required and key not in data:
            checker.wrong(key, "missing")
    places = data["places"]
    if not isinstance(places, list) or not places or \
            set(map(str, places)) - set(PLACES):
        checker.wrong("places", f"{places!r}: wanted: a list of "
                      + ", ".join(PLACES))
    rule = data.get("rule", {})
    checker.mapping("rule", rule, ("threshold_usd", "aggress"))
    base = checker.knobs("trader", "base", data.get("base") or {})
    arms = arms_of(checker, data)
    options_insist(checker, base, arms)
    return {
        "name": checker.file.removesuffix(".yml"),
        "question": checker.value("question", data["question"],
                                  ("text", r"(?s)\S.*", "a sentence")).strip(),
        "places": places,
        "seed": int(checker.value("seed", data.get("seed", 0),
                                  number(0, 2**62))),
        "blocks": by_place(checker, "blocks", data.get("blocks", 5),
                           number(1, 1000)),
        "pace": by_place(checker, "pace", data.get("pace", "auto"),
                         ("text", PACE + "|auto",
                          KNOBS["program"]["pace"][2] + ", or auto")),
        "lines": by_place(checker, "lines", data.get("lines", 0),
                          number(0, 10**9)),
        "warm_up": int(checker.value("warm_up", data.get("warm_up", 10),
                                     number(0, 10**6))),
        "rule": rule_of(checker, rule),
        "base": base,
        "arms": arms,
    }


def merged(base, knobs):
    """An arm's own knob takes the place of the base's."""
    own = {(k["where"], k["kind"], k["name"]) for k in knobs}
    return [k for k in base
            if (k["where"], k["kind"], k["name"]) not in own] + knobs


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
    if knob["where"] == "exchange" and place == "local":
        return f"local has no {label(knob)}: one machine for both"
    return None


def turned(knobs, where="trader"):
    return [{key: knob[key] for key in ("kind", "name", "value")}
            for knob in knobs
            if knob["where"] == where and knob["kind"] in RUNTIME]


def tried(knobs, where="trader"):
    """What a probe turns there, those of sockets too."""
    return turned(knobs, where) + [
        {key: knob[key] for key in ("kind", "name", "value")}
        for knob in knobs
        if knob["where"] == where and knob["kind"] in ("socket", "order")]


def beside(arm, sides):
    """The sides as they are while the arm runs, which may ask for the
    exchange on the host."""
    host = next((side["host"] for side in sides if side["where"] == "host"),
                None)
    moved = host and arm["domain"].get("exchange_place") == "host"
    return [dict(side, host=host) if moved and side["where"] == "exchange"
            else side for side in sides]


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
    for host, places in by_machine(sides).items():
        read = once(one for where in places for one in reads(made, where))
        if read:
            found.append({
                "host": host, "where": ", ".join(places), "read": read,
                "set": once(one for where in places
                            for one in turned(arm["knobs"], where))})
    return found


def tries(arms, sides):
    """What each arm turns on each machine that it turns something at, and
    whose that is. sides: where, as experiments call it, and host."""
    return [{"arm": arm["name"], "host": host, "where": ", ".join(places),
             "whose": {f"{one['kind']} {one['name']}": where
                       for where in places
                       for one in tried(arm["knobs"], where)},
             "knobs": once(one for where in places
                           for one in tried(arm["knobs"], where))}
            for arm in arms for host, places in by_machine(sides).items()
            if any(tried(arm["knobs"], where) for where in places)]


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
    return next((f"{label(knob)}: no {knob['where']} beside the trader"
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


def found_of(turned_, back):
    """Of the results of turning knobs and of turning them back: what was set
    on each machine, found before the pass, and found after it."""
    after = {result["item"]["host"]: result["found"] for result in back}
    return [{"where": result["item"]["where"], "set": result["set"],
             "found": result["found"],
             "after": after[result["item"]["host"]]} for result in turned_]


def ran_of(results, place):
    """For the manifest: the programs that ran, where, and the machines. On
    metal the trader's is the one that is measured; in the lab it stays the
    one that all guests run on."""
    programs, machines = {}, {}
    for result in results:
        found, host = result["provenance"], result["item"]["host"]
        for name, program in found["programs"].items():
            programs[name] = dict(program, version=found["version"],
                                  machine=host)
        machines[host] = found["host"]
    made = {"programs": programs, "machines": machines}
    if place == "metal":
        made["host"] = machines[results[0]["item"]["host"]]
    return made


def lost_of(results):
    """The machines that a loop over them did not reach."""
    return [result["item"] for result in results if result.get("unreachable")]


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


def overlay(wanted, trader, hosts, given=None):
    """host -> variables that go over the lab's inventory: the settings are of
    the trader's guest alone, but the exchange's place is everybody's. What the
    user gave for all guests stays for the others."""
    given = command_line() if given is None else given
    own = variables(wanted)
    found = {}
    for host in hosts:
        found[host] = {name: given[name] for name in own if name in given}
        found[host].update(
            own if host == trader else
            {name: own[name] for name in own if name == "exchange_place"})
    return found


def inventory(hosts):
    """Its files: the hosts' variables have one each, for what stands in a file
    of the lab's own inventory goes over what stands beside a host's name."""
    return [{"path": "hosts.yml",
             "content": {"all": {"hosts": {host: {} for host in hosts}}}},
            *({"path": f"host_vars/{host}.yml", "content": found}
              for host, found in hosts.items())]


def guests(arms, trader, hosts):
    """(arm, file) of the inventories of arms that want guests of their own."""
    return [[arm["name"], file] for arm in arms if arm["domain"]
            for file in inventory(overlay(arm["domain"], trader, hosts))]


def runs(made):
    """The trials as they may have to be run: each block as often as one of
    which a trial can't be judged is made, at most."""
    blocks = {}
    for trial in made["trials"]:
        blocks.setdefault(trial["block"], []).append(trial)
    return [trial for block in blocks.values()
            for trial in block * BLOCK_TRIES]


def left(made, number):
    """After so many trials."""
    rest = len(made["trials"]) - number
    return f", about {lasts(made['seconds'] * rest // len(made['trials']))} left"


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
    of tries() found; asked: what the doctor said of each arm."""
    told = [(arm["name"], nowhere(arm["knobs"], sides)
             or conflict(arm, sides)) for arm in arms]
    told += [(one["item"]["arm"],
              reason(one["missing"], one["item"]["whose"])) for one in probed]
    told += [(one["item"]["name"], fault(one)) for one in asked]
    return {name: why for name, why in reversed(told) if why}


def settings(knobs, kind):
    return {knob["name"]: knob["value"] for knob in knobs
            if knob["kind"] == kind and knob["where"] == "trader"}


def with_options(name, options):
    text = ",".join(f"{key}={value}" for key, value in options.items())
    return name if not text else f"{name}{',' if ':' in name else ':'}{text}"


def arguments(knobs, pace):
    """How the programs are started."""
    program, process = settings(knobs, "program"), settings(knobs, "process")
    trader = ["--transport", with_options(program.get("transport", "send"),
                                          settings(knobs, "order"))]
    if "channel" in program:
        trader += ["--channel", program["channel"]]
    for name in ("cpu", "fifo"):
        if name in process:
            trader += [f"--{name}", process[name]]
    if process.get("mlock") == "on":
        trader.append("--mlock")
    exchange = ["--pace", program.get("pace", pace)]
    if "send" in program:
        exchange += ["--send", program["send"]]
    if "feed" in program:
        exchange += ["--feed", program["feed"]]
    return {"receive": with_options(program.get("receive", "block"),
                                    settings(knobs, "socket")),
            "trader": trader, "exchange": exchange}


def comparable(chosen, arms):
    """Is the baseline there, and another arm, if there ever was one?"""
    names = [arm["name"] for arm in arms]
    return chosen[0]["name"] in names and (len(chosen) == 1
                                           or len(names) > 2)


def splitmix(state):
    """As c/measure/campaign_order.c has it: the same seed, the same order."""
    mask = (1 << 64) - 1
    while True:
        state = (state + 0x9e3779b97f4a7c15) & mask
        z = ((state ^ state >> 30) * 0xbf58476d1ce4e5b9) & mask
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & mask
        yield z ^ z >> 31


def shuffled(drawn, count):
    order = list(range(count))
    for left in range(count, 1, -1):
        j = next(drawn) % left
        order[left - 1], order[j] = order[j], order[left - 1]
    return order


def williams(row, arms):
    """A row of a Williams square; of an odd one the second half is the first
    one backwards."""
    first = [(place + 1) // 2 if place % 2 else (arms - place // 2) % arms
             for place in range(arms)]
    columns = [(column + row) % arms for column in first]
    return columns[::-1] if row >= arms else columns


def orders(arms, blocks, seed):
    """Which arm when, block by block: c/measure/campaign_order.h."""
    drawn, count = splitmix(seed), arms * (1 + arms % 2)
    for block in range(blocks):
        if block % count == 0:
            names, rows = shuffled(drawn, arms), shuffled(drawn, count)
        yield [names[column]
               for column in williams(rows[block % count], arms)]


def trials(arms, blocks, seed):
    """Each arm once a block."""
    found = [(block, arm)
             for block, order in enumerate(orders(len(arms), blocks, seed))
             for arm in order]
    return [{"number": i + 1, "block": block, "arm": arm,
             "folder": f"trials/{i + 1:02}-{arms[arm]['name']}"}
            for i, (block, arm) in enumerate(found)]


def lines_in(feed):
    with gzip.open(feed, "rb") as file:
        return sum(chunk.count(b"\n")
                   for chunk in iter(lambda: file.read(1 << 20), b""))


def seconds(plan):
    """About how long it takes."""
    rate = re.search(r":(\d+)", plan["pace"])
    each = TRIAL_S[plan["place"]] + (
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


def plan(what, where):
    """what: experiment(); where: place, accelerator, paces (of accelerators),
    feed, group, and overrides: blocks, lines, pace, seed, threshold_usd,
    aggress, only (names of arms), begun (a folder), missing (arm -> reason, as the machines told)."""
    place = where["place"]
    if place not in what["places"]:
        raise Wrong(f"{what['name']} can't run in {place}; it can in: "
                    + ", ".join(what["places"]))
    names = [arm["name"] for arm in what["arms"]]
    only = str(where.get("only") or "").split()
    for name in only:
        if name not in names:
            raise Wrong(f"{what['name']} has no arm '{name}'; there are: "
                        + ", ".join(names))
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
            "domain": settings(knobs, "domain"), **arguments(knobs, pace)})
    # The A/A pair: what is no difference has to look like none.
    if arms:
        arms.append(dict(arms[0], name=arms[0]["name"] + AGAIN))
    blocks = int(where.get("blocks") or what["blocks"].get(place, 5))
    # 0: drawn, so that no order is favoured by being everybody's.
    seed = (int(where.get("seed") or 0) or begun_seed(where.get("begun"))
            or what["seed"] or random.SystemRandom().randint(1, 10**6))
    rule = rule_of(Checker("asked for"), what["rule"] | {
        key: where[key] for key in what["rule"] if where.get(key)})
    made = {
        "schema": SCHEMA, "name": what["name"], "question": what["question"],
        "place": place, "accelerator": where["accelerator"],
        "feed": where["feed"], "group": where["group"], "pace": pace,
        "blocks": blocks, "seed": seed, "warm_up": what["warm_up"],
        "lines": int(where.get("lines") or 0),
        **rule, "skipped": skipped, "aa": len(arms) - 1,
        "comparable": comparable(chosen, arms),
        "arms": arms, "trials": trials(arms, blocks, seed),
    }
    made["seconds"] = seconds(made)
    return made


def with_commands(made, programs):
    """For a place of namespaces: each arm turns its knobs by a command.
    programs: python, knob (the program) and record."""
    read = reads(made, "trader")
    if not read:
        return made
    tool = [programs["python"], programs["knob"]]
    arms = []
    for arm in made["arms"]:
        knobs = {"set": turned(arm["knobs"]), "read": read}
        arms.append(dict(
            arm,
            before=[*tool, "apply", "--namespace", "--record",
                    programs["record"], "--knobs", json.dumps(knobs)],
            after=[*tool, "restore", "--namespace", "--record",
                   programs["record"], "--knobs",
                   json.dumps({"set": [], "read": read})]))
    return dict(made, arms=arms)


def lasts(total):
    return f"{total // 60} min {total % 60:02} s" if total >= 60 else \
        f"{total} s"


def blocks_needed(comparisons):
    """For any verdict at all, as measure/verdict.h has it: with all blocks on
    one side p is 2 / 2^blocks, and alpha 0.05 for all comparisons together."""
    blocks = 1
    while 2 ** (1 - blocks) * comparisons > 0.05:
        blocks += 1
    return blocks


def text(made):
    """The plan, to be read."""
    rows = [f"experiment  {made['name']}: {made['question']}",
            f"place       {made['place']}, accelerator {made['accelerator']}",
            f"rule        larger than {made['threshold_usd']} USD, aggress "
            f"{made['aggress']}; the first {made['warm_up']} orders of a "
            "trial enter no figure",
            f"pace        {made['pace']}, {made['lines'] or 'all'} lines",
            f"trials      {len(made['trials'])} in {made['blocks']} blocks, "
            f"seed {made['seed']}, about {lasts(made['seconds'])}", ""]
    width = max([len(arm["name"]) for arm in made["arms"]] + [0])
    for i, arm in enumerate(made["arms"]):
        told = ", ".join(f"{label(knob)}={knob['value']}"
                         for knob in arm["knobs"]) or "as it is"
        note = {0: " (baseline)",
                made["aa"]: " (the baseline again: A/A)"}.get(i, "")
        rows.append(f"  {arm['name']:<{width}}  {told}{note}")
    needed = blocks_needed(max(len(made["arms"]) - 2, 1))
    if made["blocks"] < needed:
        rows.append(f"  no verdict: {needed} blocks are needed for one")
    rows += [f"  skipped: {one['what']}: {one['reason']}"
             for one in made["skipped"]]
    orders = {}
    for trial in made["trials"]:
        orders.setdefault(trial["block"], []).append(
            made["arms"][trial["arm"]]["name"])
    rows += ["", *(f"  block {block + 1}: {', '.join(names)}"
                   for block, names in orders.items())]
    return "\n".join(rows)


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_experiment": experiment, "lab_experiment_plan": plan,
                "lab_experiment_commands": with_commands,
                "lab_experiment_text": text,
                "lab_experiment_turned": turned,
                "lab_experiment_tried": tried,
                "lab_experiment_tries": tries,
                "lab_experiment_reason": reason,
                "lab_experiment_missing": missing_of,
                "lab_experiment_turning": turning,
                "lab_experiment_found": found_of,
                "lab_experiment_lost": lost_of,
                "lab_experiment_ran": ran_of,
                "lab_experiment_overlay": overlay,
                "lab_experiment_guests": guests,
                "lab_experiment_inventory": inventory,
                "lab_experiment_handed_down": handed_down,
                "lab_experiment_left": left,
                "lab_experiment_runs": runs,
                "lab_experiment_lines": lines_in}


def main(verb, *arguments_):
    paths = sorted(glob.glob(arguments_[0] + "/*.yml")) if verb == "list" \
        else arguments_
    code = 0
    for path in paths:
        try:
            found = experiment(path)
        except Wrong as error:
            print(error, file=sys.stderr)
            code = 1
            continue
        if verb == "list":
            print(f"  {found['name']:<18} {found['question']} "
                  f"({', '.join(found['places'])})")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
