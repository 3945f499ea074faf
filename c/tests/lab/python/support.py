# SPDX-License-Identifier: MIT
"""The lab's Python files, by name, for tests."""

import importlib.util
import os
import sys
import types

ANSIBLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../../../ansible")
# module_utils finds its neighbours as a program does.
sys.path.insert(0, os.path.join(ANSIBLE, "module_utils"))
sys.dont_write_bytecode = True
# The programs of the build that is tested; tests/run says which.
os.environ.setdefault("T2T_PROGRAMS", os.path.abspath(
    os.environ.get("BUILD", os.path.join(ANSIBLE, "../c/build"))))


def load(path):
    name = os.path.basename(path)[:-3]
    spec = importlib.util.spec_from_file_location(
        "tested_" + name, os.path.join(ANSIBLE, path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stand_in(**modules):
    """A library's module finds these in Ansible's package, in the place of
    what Ansible has there."""
    sys.modules.setdefault("ansible", types.ModuleType("ansible"))
    sys.modules["ansible.module_utils"] = types.ModuleType(
        "ansible.module_utils")
    basic = types.SimpleNamespace(AnsibleModule=None)
    for name, module in {"basic": basic, **modules}.items():
        sys.modules["ansible.module_utils." + name] = module
        setattr(sys.modules["ansible.module_utils"], name, module)
