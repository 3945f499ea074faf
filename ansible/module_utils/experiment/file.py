# SPDX-License-Identifier: MIT
"""An experiment's file, checked. Its shape is in experiment.schema.json; the
names and values of knobs are held against knobs.py and options.py."""

import glob
import itertools
import os
import re

import yaml
from lab_sysctl import GROUPS_TEXT, PATTERN, REFUSED
from lab_value import text, wanted

from . import knobs as groups
from . import options
from .schema import default, schema
from .wrong import Wrong, unknown

PLACES = ("local", "lab", "metal")
ARMS_MAX = 16
# The baseline is repeated under this name: the A/A pair.
AGAIN = "-again"
AMOUNT = text(r"\d+(\.\d+)?", "an amount")


class Checker:
    """Of one file: the first fault ends it."""

    def __init__(self, file):
        self.file = file

    def wrong(self, key, what):
        raise Wrong(f"{self.file}: {key}: {what}")

    def shape(self, data):
        """By the schema."""
        try:
            # pylint: disable-next=import-outside-toplevel
            import jsonschema
        except ImportError:
            raise Wrong("experiments are checked by Python's jsonschema, which "
                        "is not there: make deps-lab, or install "
                        "python3-jsonschema") from None
        faults = jsonschema.Draft7Validator(schema()).iter_errors(data)
        for fault in sorted(faults, key=lambda one: list(
                map(str, one.absolute_path))):
            self.shape_wrong(fault)

    def shape_wrong(self, fault):
        path = [str(part) for part in fault.absolute_path]
        key, shape = ".".join(path) or "the file", fault.schema
        if fault.validator == "required":
            self.wrong(next(one for one in fault.validator_value
                            if one not in fault.instance), "missing")
        if fault.validator == "additionalProperties":
            known = shape["properties"]
            name = next(one for one in fault.instance if one not in known)
            self.wrong(".".join([*path, name]), unknown(name, known))
        if fault.validator == "pattern" and fault.parent and \
                fault.parent.validator == "propertyNames":
            key = ".".join([*path, fault.instance])
        self.wrong(key, f"{fault.instance!r}: wanted: "
                   + shape.get("description", fault.message))

    def value(self, key, value, kind):
        """The value as text, as programs take it."""
        # YAML takes on and off for truth values.
        said = {True: "on", False: "off"}.get(
            value if isinstance(value, bool) else None, value)
        if kind[0] == "member":
            return self.member(key, value)
        if kind[0] == "flag":
            good = said in ("on", "off")
        elif kind[0] == "number":
            good = not isinstance(value, bool) and isinstance(value, int) and \
                kind[1] <= value <= kind[2]
        elif kind[0] == "words":
            good = str(said) in kind[1:]
        elif kind[0] == "list":
            good = value in ("auto", "") or isinstance(value, list)
            said = value
        else:
            good = not isinstance(value, (dict, list, bool)) and \
                bool(re.fullmatch(kind[1], str(value)))
        if not good:
            self.wrong(key, f"{value!r}: wanted: {wanted(kind)}")
        return said if kind[0] == "list" else str(said)

    def member(self, key, value, family=None):
        """A receive path, say, with the options behind its colon."""
        family = family or key.rpartition(".")[2]
        members = options.families()[family]
        name, _, rest = str(value).partition(":")
        if name not in members:
            self.wrong(key, f"{value!r}: no {options.FAMILIES[family]} "
                       f"{name}: {unknown(name, members)}")
        while rest:
            pair, _, rest = rest.partition(",")
            option, equals, said = pair.partition("=")
            # What this build lacks another may have.
            if (members[name] or {}).get(option, {}).get("rest"):
                # Another one of the family, with all that follows.
                self.member(f"{key}.{option}",
                            said + ("," + rest if rest else ""), family)
                rest = ""
            elif members[name] is not None:
                self.option(f"{key}.{option}", family, name, option,
                            said if equals else "on")
        return str(value)

    def option(self, key, family, member, option, said):
        """Of the member that it is asked of."""
        known = options.families()[family][member]
        if known is None:
            return
        if option not in known:
            having = options.having(family, option)
            self.wrong(key, f"the {options.FAMILIES[family]} {member} has no "
                       "such option; " + (
                           "there are: " + ", ".join(having) if having
                           else unknown(option, known)))
        if not options.fits(known[option], said):
            self.wrong(key, f"{said!r}: wanted: "
                       + options.wanted(known[option]))

    def option_knob(self, key, family, name, value):
        """Of whatever member, which is known when base and arm are merged."""
        rows = options.rows(family, name)
        if not rows:
            self.wrong(key, unknown(name, options.names(family)))
        said = {True: "on", False: "off"}.get(
            value if isinstance(value, bool) else None, str(value))
        if not any(options.fits(row, said) for row in rows):
            self.wrong(key, f"{value!r}: wanted: " + options.wanted(rows[0]))
        found = {"value": said}
        if "read_back" in rows[0] and said != "keep":
            found["read_back"] = rows[0]["read_back"]
        return found

    def knobs(self, where, key, value):
        """A list of knobs from what stands below an arm."""
        found = []
        for group, settings in (value or {}).items():
            path = f"{key}.{group}"
            if group in groups.ELSEWHERE:
                found += self.knobs(group, path, settings)
                continue
            for name, one in settings.items():
                found.append({"where": where, "kind": group, "name": name,
                              **self.knob(group, f"{path}.{name}", name, one)})
        return found

    def knob(self, group, key, name, value):
        if group == "sysctl":
            return {"value": self.sysctl(key, name, value)}
        if group in groups.OPTIONS:
            return self.option_knob(key, groups.OPTIONS[group][0], name, value)
        known = groups.table(group)
        if name not in known:
            self.wrong(key, unknown(name, known))
        return {"value": self.value(key, value, known[name])}

    def sysctl(self, key, name, value):
        if not re.fullmatch(PATTERN, name):
            self.wrong(key, "unknown; there are: " + GROUPS_TEXT)
        if name in REFUSED:
            self.wrong(key, "no experiment may turn it: " + REFUSED[name])
        return self.value(key, value, text(r"[\w. -]+", "a number or a word"))


def by_place(value):
    """One value, or one a place, as text."""
    if isinstance(value, dict):
        return {place: str(one) for place, one in value.items()}
    return dict.fromkeys(PLACES, str(value))


def arms_of(checker, data):
    """name -> knobs; of factors, all that they make together."""
    if ("arms" in data) == ("factors" in data):
        checker.wrong("arms", "wanted: either arms or factors")
    key = "arms" if "arms" in data else "factors"
    factors = {"": data["arms"]} if key == "arms" else data["factors"]
    levels = []
    for factor, arms in factors.items():
        path = f"{key}.{factor}".rstrip(".")
        levels.append([(name, checker.knobs("trader", f"{path}.{name}", knobs))
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


def merged(base, knobs):
    """An arm's own knob takes the place of the base's."""
    own = {(k["where"], k["kind"], k["name"]) for k in knobs}
    return [k for k in base
            if (k["where"], k["kind"], k["name"]) not in own] + knobs


def settings(knobs, kind):
    return {knob["name"]: knob["value"] for knob in knobs
            if knob["kind"] == kind and knob["where"] == "trader"}


def options_insist(checker, base, arms):
    """Each option goes with a path or transport that has it."""
    for arm in arms:
        knobs = merged(base, arm["knobs"])
        for group, (family, normal) in groups.OPTIONS.items():
            member = settings(knobs, "program").get(family, normal)
            for name, value in settings(knobs, group).items():
                checker.option(f"arms.{arm['name']}.{group}.{name}", family,
                               member.partition(":")[0], name, value)


def lines_insist(checker, base, arms):
    """A second line's packets are there to be lost where there is one."""
    for arm in arms:
        program = settings(merged(base, arm["knobs"]), "program")
        for name in groups.IMPAIRMENTS:
            if "B:" in program.get(name, "") and \
                    "second_group" not in program:
                checker.wrong(f"arms.{arm['name']}.program.{name}",
                              f"{program[name]!r}: there is no line B; "
                              "second_group names its group")


def builds_insist(checker, base, arms):
    """This tree's programs are compiled as they are."""
    for arm in arms:
        program = settings(merged(base, arm["knobs"]), "program")
        if "cflags" in program and "build" not in program:
            checker.wrong(f"arms.{arm['name']}.program.cflags",
                          "goes with program.build; path:. is this tree")


def gate_of(gate):
    """As t2t-run --gate takes it; empty: as it is there."""
    if not isinstance(gate, dict):
        return "off"
    return ",".join(f"{name}:{'off' if bound is False else bound}"
                    for name, bound in gate.items())


def rule_of(checker, rule):
    """What calls for an order, and which side it takes."""
    shape = schema()["properties"]["rule"]["properties"]
    return {
        "threshold_usd": checker.value(
            "rule.threshold_usd", rule.get(
                "threshold_usd", shape["threshold_usd"]["default"]), AMOUNT),
        "aggress": checker.value(
            "rule.aggress", rule.get("aggress", shape["aggress"]["default"]),
            ("words", *shape["aggress"]["enum"])),
    }


def keys_as_text(data):
    """YAML takes some names for truth values and numbers."""
    if isinstance(data, dict):
        return {str(key): keys_as_text(value) for key, value in data.items()}
    return data


def load(checker, path):
    try:
        with open(path, encoding="utf-8") as file:
            return keys_as_text(yaml.safe_load(file))
    except FileNotFoundError:
        names = [os.path.basename(one)[:-4] for one in
                 glob.glob(os.path.join(os.path.dirname(path), "*.yml"))]
        name = checker.file[:-4]
        raise Wrong(f"no experiment '{name}': {unknown(name, names)}") \
            from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}:" if mark else ""
        problem = getattr(error, "problem", None) or "it is no text"
        raise Wrong(f"{checker.file}:{line} no YAML: {problem}") from None


def experiment(path):
    """The file, checked: all values text, all defaults filled in."""
    checker = Checker(os.path.basename(path))
    data = load(checker, path)
    checker.shape(data)
    base = checker.knobs("trader", "base", data.get("base"))
    arms = arms_of(checker, data)
    options_insist(checker, base, arms)
    lines_insist(checker, base, arms)
    builds_insist(checker, base, arms)
    return {
        "name": checker.file.removesuffix(".yml"),
        "question": data["question"].strip(),
        "places": data["places"],
        **{key: data.get(key, default(key))
           for key in ("seed", "warm_up", "until", "verdict",
                       "judge")},
        **{key: by_place(data.get(key, default(key)))
           for key in ("blocks", "pace", "lines")},
        "gate": gate_of(data.get("gate", default("gate"))),
        "rule": rule_of(checker, data.get("rule", {})),
        "base": base,
        "arms": arms,
    }
