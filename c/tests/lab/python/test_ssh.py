# SPDX-License-Identifier: MIT
"""How Ansible calls ssh(1) for the machines of each inventory."""

import os
import shutil
import stat
import subprocess
import tempfile
import unittest

import support

SSH = """#!/bin/sh
printf '%s\\n' "$@" >"$SAID"
exit 1
"""


@unittest.skipUnless(shutil.which("ansible"), "no Ansible")
class Ssh(unittest.TestCase):
    """By one that only tells its arguments."""

    def arguments(self, inventory, machine):
        with tempfile.TemporaryDirectory() as work:
            path = work + "/ssh"
            with open(path, "w", encoding="ascii") as file:
                file.write(SSH)
            os.chmod(path, stat.S_IRWXU)
            env = {key: value for key, value in os.environ.items()
                   if not key.startswith("ANSIBLE_")}
            said = subprocess.run(
                ["ansible", "-i", f"../inventory/{inventory}", machine, "-m",
                 "ansible.builtin.raw", "-a", "true", "-e",
                 f"ansible_ssh_executable={path}"],
                env=dict(env, SAID=work + "/said", LC_ALL="C.UTF-8",
                         ANSIBLE_CONFIG="ansible.cfg", HOME=work,
                         LAB_FOLDER=work + "/lab"),
                cwd=support.ANSIBLE, capture_output=True, text=True,
                check=False)
            try:
                with open(work + "/said", encoding="utf-8") as file:
                    return file.read().split("\n")
            except OSError:
                self.fail(said.stdout + said.stderr)

    @staticmethod
    def option(arguments, name):
        """The first that is given: of two ssh takes that."""
        return next((one.partition("=")[2] for one in arguments
                     if one.startswith(name + "=")), None)

    def test_what_the_user_has_for_other_machines_is_not_for_guests(self):
        """A ProxyJump, a ControlPath, a key for 10.*."""
        for guest in ("trader", "exchange"):
            found = self.arguments("lab", guest)
            self.assertIn("-F", found)
            self.assertEqual(found[found.index("-F") + 1], "/dev/null")
            self.assertEqual(self.option(found, "StrictHostKeyChecking"),
                             "no")

    def test_host_keys_of_real_machines_are_checked(self):
        found = self.arguments("metal", "trader")
        self.assertNotIn("-F", found)
        self.assertEqual(self.option(found, "StrictHostKeyChecking"),
                         "accept-new")
