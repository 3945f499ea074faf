# SPDX-License-Identifier: MIT
"""ansible/library: each module's documentation says what it takes and gives.
What it takes is what it really passes to AnsibleModule."""

import ast
import os
import unittest
from unittest import mock

import support
import yaml

support.stand_in()
# What a result may have beside what is the module's own.
OF_ANSIBLE = {"changed", "diff", "failed", "msg", "skipped"}
FIELDS = ("type", "required", "default", "choices", "elements")
CHECKS = {"str": str, "path": str, "int": int, "bool": bool, "list": list,
          "dict": dict}


class Passed(Exception):
    """What AnsibleModule is given."""


def passed(module):
    """(argument_spec, supports_check_mode)"""
    def take(argument_spec, supports_check_mode=False):
        raise Passed(argument_spec, supports_check_mode)

    with mock.patch.object(module, "AnsibleModule", take):
        try:
            module.main()
        except Passed as given:
            return given.args
    raise AssertionError("main() makes no AnsibleModule")


def given_back(path):
    """Names in its calls of exit_json(); and all that it calls something."""
    with open(os.path.join(support.ANSIBLE, path), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    exits = {word.arg for call in calls for word in call.keywords
             if getattr(call.func, "attr", "") == "exit_json" and word.arg}
    names = {word.arg for call in calls for word in call.keywords} | {
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return exits - OF_ANSIBLE, names


def told(option):
    """An option's fields, a type that is not told being a text."""
    return {"type": "str", **{field: option[field] for field in FIELDS
                              if option.get(field) not in (None, False)
                              or field == "default" and field in option}}


def faults_of_value(name, option, value):
    kind = option.get("type", "str")
    # What is a template's is not known here.
    if isinstance(value, str) and "{{" in value:
        return
    if not isinstance(value, CHECKS[kind]):
        yield f"{name}: {value!r} is no {kind}"
    elif value not in option.get("choices", [value]):
        yield f"{name}: {value!r} is none of its choices"
    elif kind == "list":
        for one in value:
            yield from faults_of_value(name, {"type": option["elements"]},
                                       one)


def faults_of_example(name, task, options):
    if not isinstance(task.get("name"), str) or name not in task:
        yield f"{task}: no name, or not of this module"
        return
    given = task[name]
    for option in given:
        if option not in options:
            yield f"{task['name']}: no option {option}"
        else:
            yield from faults_of_value(option, options[option], given[option])
    for option, what in options.items():
        if what.get("required") and option not in given:
            yield f"{task['name']}: {option} is missing"


def faults_of_options(options, spec):
    if set(options) != set(spec):
        yield f"options {sorted(set(options) ^ set(spec))}: in one alone"
    for name in set(options) & set(spec):
        if told(options[name]) != told(spec[name]):
            yield (f"{name}: {told(options[name])} is documented, "
                   f"{told(spec[name])} is taken")
        if not options[name].get("description"):
            yield f"{name}: not described"


def faults_of_attributes(attributes, checked, diffs):
    for name, has in (("check_mode", checked), ("diff_mode", diffs)):
        what = attributes.get(name, {})
        if what.get("support") not in (("full", "partial") if has
                                       else ("none",)):
            yield f"{name}: {what.get('support')} is documented, it has " \
                + ("it" if has else "none")
        if not what.get("description"):
            yield f"{name}: not described"


def faults(name, path):
    module = support.load(path)
    spec, checked = passed(module)
    document, examples, results = (
        yaml.safe_load(getattr(module, part, "")) or {}
        for part in ("DOCUMENTATION", "EXAMPLES", "RETURN"))
    for part in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
        if not hasattr(module, part):
            yield f"no {part}"
    if document.get("module") != name:
        yield f"it is documented as {document.get('module')}"
    for part in ("short_description", "description"):
        if not document.get(part):
            yield f"no {part}"
    options = document.get("options", {})
    yield from faults_of_options(options, spec)
    for task in examples:
        yield from faults_of_example(name, task, options)
    exits, names = given_back(path)
    for result in exits - set(results):
        yield f"{result}: not in RETURN"
    for result, what in results.items():
        if result not in names:
            yield f"RETURN: {result}: not given back"
        for part in ("description", "type", "returned"):
            if not what.get(part):
                yield f"RETURN: {result}: no {part}"
    with open(os.path.join(support.ANSIBLE, path), encoding="utf-8") as file:
        diffs = "diff=" in file.read()
    yield from faults_of_attributes(document.get("attributes", {}), checked,
                                    diffs)


class Modules(unittest.TestCase):
    """Of the library."""

    def test_what_is_documented_is_what_there_is(self):
        library = support.library()
        self.assertGreater(len(library), 10)
        found = [f"{name}: {fault}" for name, path in library.items()
                 for fault in faults(name, path)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_all_can_be_asked_what_they_would_do(self):
        self.assertEqual([name for name, path in support.library().items()
                          if not passed(support.load(path))[1]], [])

    def test_what_is_wrong_is_found(self):
        spec = {"one": {"type": "int", "default": 0},
                "two": {"choices": ["a", "b"], "required": True}}
        right = {name: {"description": "x", **option}
                 for name, option in spec.items()}
        self.assertEqual(list(faults_of_options(right, spec)), [])
        for wrong in ({"one": right["one"]},
                      {**right, "one": {"description": "x", "type": "int"}},
                      {**right, "two": {**right["two"], "choices": ["a"]}},
                      {**right, "two": {**right["two"], "required": False}},
                      {**right, "two": spec["two"]}):
            self.assertEqual(len(list(faults_of_options(wrong, spec))), 1,
                             wrong)
        good = {"name": "x", "m": {"one": 1, "two": "a"}}
        self.assertEqual(list(faults_of_example("m", good, right)), [])
        for wrong in ({"one": "x", "two": "a"}, {"two": "c"}, {"one": 1},
                      {"two": "a", "three": 3}):
            self.assertEqual(len(list(faults_of_example(
                "m", {"name": "x", "m": wrong}, right))), 1, wrong)


if __name__ == "__main__":
    unittest.main()
