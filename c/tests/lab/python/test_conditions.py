# SPDX-License-Identifier: MIT
"""Conditions of tasks are true or false by themselves: ansible-core 2.19
refuses a list, a number or a text in their place, 2.14 takes any."""

import glob
import os
import unittest

import jinja2
import support
import yaml
from jinja2 import nodes

KEYS = ("when", "until", "failed_when", "changed_when", "that")
# Attributes that are true or false where they are made.
TRUTHS = ("exists", "comparable", "correct", "complete", "answers", "there",
          "systemd", "running", "stoppable")
# Tests and filters that give a truth.
FILTERS = ("bool",)


def truth(node):
    """Is it one, whatever its parts are?"""
    if isinstance(node, (nodes.Compare, nodes.Test, nodes.Not)):
        return True
    if isinstance(node, (nodes.And, nodes.Or)):
        return truth(node.left) and truth(node.right)
    if isinstance(node, nodes.Const):
        return isinstance(node.value, bool)
    if isinstance(node, nodes.Filter):
        return node.name in FILTERS or (
            node.name == "default" and truth(node.node)
            and all(truth(one) for one in node.args))
    if isinstance(node, nodes.Getattr):
        return node.attr in TRUTHS
    return isinstance(node, nodes.Name) and node.name in VARIABLES


def fault(text):
    """Of a condition; None of a good one."""
    if isinstance(text, bool):
        return None
    if not isinstance(text, str):
        return f"{text!r} is no condition"
    if "{{" in text:
        return f"{text}: a template in a condition"
    try:
        tree = jinja2.Environment().parse("{{ " + text + " }}")
    except jinja2.TemplateSyntaxError as error:
        return f"{text}: {error}"
    node = tree.body[0].nodes[0]
    return None if truth(node) else f"{text}: may be neither true nor false"


def conditions(data):
    """All of them below data."""
    if isinstance(data, list):
        for one in data:
            yield from conditions(one)
    elif isinstance(data, dict):
        for key, value in data.items():
            if key in KEYS:
                yield from value if isinstance(value, list) else [value]
            else:
                yield from conditions(value)


def variables():
    """Of roles' vars, those that are made of a condition."""
    found = set()
    for path in glob.glob(support.ANSIBLE + "/roles/*/vars/main.yml"):
        with open(path, encoding="utf-8") as file:
            for name, value in (yaml.safe_load(file) or {}).items():
                text = str(value).strip()
                if text.startswith("{{") and text.endswith("}}") and \
                        not fault(" ".join(text[2:-2].split())):
                    found.add(name)
    return found


VARIABLES = set()  # fault() looks into it
VARIABLES |= variables()


class Conditions(unittest.TestCase):
    """Of all playbooks and roles."""

    def test_each_is_true_or_false(self):
        count, faults = 0, []
        for path in glob.glob(support.ANSIBLE + "/*.yml") + glob.glob(
                support.ANSIBLE + "/roles/*/tasks/*.yml"):
            with open(path, encoding="utf-8") as file:
                for text in conditions(yaml.safe_load(file)):
                    count += 1
                    why = fault(text)
                    if why:
                        faults.append(f"{os.path.basename(path)}: {why}")
        self.assertGreater(count, 40)
        self.assertEqual(faults, [])

    def test_what_is_refused(self):
        for text in ("plan | reads(item.where)", "a | length", "x and y | list",
                     "'text'", "{{ a == b }}", "a ~ b", "1", "a.b.list"):
            self.assertIsNotNone(fault(text), text)
        for text in ("a == b", "a is defined", "not a is exists and b | bool",
                     "a.stat.exists", "x in y or not (a > 1)", True):
            self.assertIsNone(fault(text), text)


if __name__ == "__main__":
    unittest.main()
