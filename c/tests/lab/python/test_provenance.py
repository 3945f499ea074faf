# SPDX-License-Identifier: MIT
"""ansible/action_plugins/lab_provenance.py, by a real shell."""

import hashlib
import os
import subprocess
import tempfile
import types
import unittest

import support


lab_provenance = support.action("lab_provenance")


def shell(command, sudoable=True):
    assert not sudoable, "root has more, and costs a sudo"
    done = subprocess.run(["sh", "-c", command], capture_output=True,
                          text=True, check=False)
    return {"rc": done.returncode, "stdout": done.stdout,
            "stderr": done.stderr}


class Provenance(unittest.TestCase):
    """Of this machine."""

    def setUp(self):
        top = tempfile.TemporaryDirectory(prefix="it's a ")
        self.addCleanup(top.cleanup)
        self.folder = top.name
        for name in ("one", "two"):
            with open(os.path.join(top.name, name), "w",
                      encoding="ascii") as file:
                file.write(f"#!/bin/sh\necho {name} 1.2-dirty\n")
            os.chmod(file.name, 0o755)

    # pylint: disable=protected-access
    def ask(self, *programs):
        made = object.__new__(lab_provenance.ActionModule)
        made._task = types.SimpleNamespace(
            args={"folder": self.folder, "programs": list(programs)})
        made._low_level_execute_command = shell
        return made.run({}, {})

    def test_the_programs(self):
        told = self.ask("one", "two")["provenance"]
        self.assertEqual(told["version"], "1.2-dirty")
        for name in ("one", "two"):
            path = os.path.join(self.folder, name)
            with open(path, "rb") as file:
                content = file.read()
            self.assertEqual(told["programs"][name], {
                "path": path, "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest()})

    def test_the_host(self):
        told = self.ask("one")["provenance"]["host"]
        name = os.uname()
        self.assertEqual(
            [told[key] for key in ("hostname", "kernel", "kernel_version",
                                   "machine", "cpus", "memory_bytes")],
            [name.nodename, name.release, name.version, name.machine,
             len(os.sched_getaffinity(0)),
             os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")])
        for key, path in (("boot", "/proc/sys/kernel/random/boot_id"),
                          ("kernel_command_line", "/proc/cmdline")):
            with open(path, encoding="ascii") as file:
                self.assertEqual(told[key], file.read().strip())
        with open("/etc/os-release", encoding="utf-8") as file:
            self.assertIn(f'PRETTY_NAME="{told["distribution"]}"',
                          file.read())

    def test_a_program_that_is_not_there(self):
        said = self.ask("none")
        self.assertTrue(said["failed"])
        self.assertIn(f"{self.folder}/none", said["msg"])


if __name__ == "__main__":
    unittest.main()
