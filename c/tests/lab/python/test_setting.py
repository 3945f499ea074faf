# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_setting.py: the table of a domain's settings, and
that whoever has them in a file of its own has the same."""

import os
import re
import unittest

import lab_setting
import support
import yaml
from lab_setting import IDENTITY, KNOBS, SETTINGS

ROLE = os.path.join(support.ANSIBLE, "roles/domain")
DOMAINS = os.path.join(support.ANSIBLE, "../domains")
# What the role adds to the settings; see its tasks/define.yml and lab_plan.
ADDED = {"hash", "kernel_path", "initrd_path", "kernel_sha256",
         "kernel_command_line", "disk", "seed", "console_log", "runs_as",
         "nic_virtual_function"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def where(row):
    """The text of what sets it, and how that calls a setting."""
    if row.where.endswith(".j2"):
        return read(DOMAINS, row.where), "domain."
    folder = os.path.join(support.ANSIBLE, row.where, "tasks")
    return "".join(read(folder, name) for name in os.listdir(folder)), \
        "domain_" if row.where == "roles/domain" else "domain_wanted."


class Table(unittest.TestCase):
    """Each row, and nothing else."""

    def test_the_roles_defaults(self):
        found = yaml.safe_load(read(ROLE, "defaults/main.yml"))
        self.assertEqual(set(found), {"domain_" + name for name in SETTINGS})
        for name, row in KNOBS.items():
            value = found["domain_" + name]
            self.assertEqual((type(value), value),
                             (type(row.default), row.default), name)

    def test_the_roles_arguments(self):
        found = yaml.safe_load(read(ROLE, "meta/argument_specs.yml"))[
            "argument_specs"]["main"]["options"]
        self.assertEqual(
            {name.removeprefix("domain_"): (spec["type"], spec.get("choices"))
             for name, spec in found.items()},
            {name: (lab_setting.type_of(row), lab_setting.choices_of(row))
             for name, row in SETTINGS.items()})
        self.assertEqual([name for name, spec in found.items()
                          if not spec.get("description")], [])

    def test_it_is_set_where_the_row_says(self):
        for name, row in SETTINGS.items():
            text, prefix = where(row)
            self.assertRegex(text, rf"\b{re.escape(prefix)}{name}\b", name)

    def test_the_templates_have_no_other(self):
        used = set()
        for top, _, names in os.walk(DOMAINS):
            for name in names:
                used |= set(re.findall(r"\bdomain\.(?!xml)(\w+)",
                                       read(top, name)))
        self.assertGreater(len(used), 40)
        self.assertEqual(used - set(SETTINGS), ADDED)

    def test_each_way_to_attach_the_nic_is_a_part(self):
        there = {name for name in re.findall(
            r"nic_(\w+)\.xml\.j2", " ".join(os.listdir(DOMAINS + "/parts")))}
        self.assertEqual(there - set(lab_setting.NAMES),
                         {"lab", "device", "place", "management"})
        self.assertEqual(set(lab_setting.NAMES) - there, set())

    def test_numbers_out_of_range(self):
        good = {name: row.default for name, row in KNOBS.items()}
        self.assertEqual(list(lab_setting.out_of_range(good)), [])
        self.assertEqual(list(lab_setting.out_of_range(
            {**good, "vcpus": 65, "nic_rx_ring": -1})),
            [("vcpus", 65, "1 to 64"), ("nic_rx_ring", -1, "0 to 65536")])

    def test_what_is_told_of_a_row(self):
        self.assertEqual(
            lab_setting.told(KNOBS["nic_queues"]),
            "1 to 64 (1); parts/nic_device.xml.j2; QEMU: nic_queues, "
            "guest: queues")
        self.assertEqual(set(IDENTITY) & set(KNOBS), set())


if __name__ == "__main__":
    unittest.main()
