# SPDX-License-Identifier: MIT
"""ansible/roles/host: what it says before it changes anything."""

import json
import os
import shutil
import subprocess
import unittest

import support
import yaml


@unittest.skipUnless(shutil.which("ansible"), "no Ansible")
class Host(unittest.TestCase):
    """Tasks by themselves."""

    def said(self, barred):
        facts = {"barred": barred, "qemu_user": "libvirt-qemu"}
        return subprocess.run(
            ["ansible", "-i", "localhost,", "localhost", "-c", "local", "-m",
             "ansible.builtin.include_role", "-a",
             "name=host tasks_from=as_root", "-e",
             json.dumps({"doctor_facts": facts})],
            env=dict(os.environ, LC_ALL="C.UTF-8",
                     ANSIBLE_CONFIG="ansible.cfg"),
            cwd=support.ANSIBLE, capture_output=True, text=True,
            check=True).stdout

    def test_qemu_that_runs_as_root_is_told(self):
        self.assertIn("QEMU runs as root: libvirt-qemu may not enter "
                      "/home/me. Otherwise: chmod o+x /home/me",
                      self.said(["/home/me"]))
        self.assertNotIn("as root:", self.said([]))

    def test_up_does_say_it(self):
        with open(os.path.join(support.ANSIBLE, "roles/host/tasks/main.yml"),
                  encoding="utf-8") as file:
            included = [task.get("ansible.builtin.include_tasks")
                        for task in yaml.safe_load(file)]
        self.assertIn("as_root.yml", included)
