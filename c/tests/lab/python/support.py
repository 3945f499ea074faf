# SPDX-License-Identifier: MIT
"""The lab's Python files, by name, for tests."""

import glob
import importlib.util
import os
import subprocess
import sys
import types
from unittest import mock

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


def stand_in():
    """A library's module finds the lab's files in Ansible's package, in the
    place of what Ansible has there."""
    sys.modules.setdefault("ansible", types.ModuleType("ansible"))
    sys.modules["ansible.module_utils"] = types.ModuleType(
        "ansible.module_utils")
    modules = {"basic": types.SimpleNamespace(AnsibleModule=None)}
    for path in glob.glob(os.path.join(ANSIBLE, "module_utils/lab_*.py")):
        name = os.path.basename(path)[:-3]
        modules[name] = importlib.import_module(name)
    for name, module in modules.items():
        sys.modules["ansible.module_utils." + name] = module
        setattr(sys.modules["ansible.module_utils"], name, module)


class ConnectionFailure(Exception):
    """As Ansible's."""


class ActionBase:
    """As much of Ansible's as an action plugin asks for."""

    def run(self, _tmp, _task_vars):
        return {}

    def validate_argument_spec(self, argument_spec):
        arguments = self._task.args
        assert set(arguments) <= set(argument_spec), arguments
        missing = {name for name, option in argument_spec.items()
                   if option.get("required")} - set(arguments)
        assert not missing, missing
        return None, {**{name: option.get("default")
                         for name, option in argument_spec.items()},
                      **arguments}


def action(name, **more):
    """An action plugin. more: what else of Ansible's it is to find, by the
    module's name with _ for each dot."""
    stand_in()
    modules = {
        "ansible.errors": types.SimpleNamespace(
            AnsibleConnectionFailure=ConnectionFailure),
        "ansible.plugins": types.ModuleType("ansible.plugins"),
        "ansible.plugins.action": types.SimpleNamespace(
            ActionBase=ActionBase),
        **{key.replace("_", "."): value for key, value in more.items()}}
    with mock.patch.dict(sys.modules, modules):
        return load(f"action_plugins/{name}.py")


def library():
    """name -> path of each module of the library."""
    return {os.path.basename(path)[:-3]: os.path.relpath(path, ANSIBLE)
            for path in sorted(glob.glob(ANSIBLE + "/library/*.py"))}


class Ended(Exception):
    """By what a module ends with."""


class Module:
    """What Ansible gives a module; what is not given has its default."""

    def __init__(self, params, check, run_command):
        self.params, self.check_mode, self._diff = params, check, True
        self.run_command = run_command or self.really

    def __call__(self, argument_spec, supports_check_mode=False):
        assert set(self.params) <= set(argument_spec), self.params
        assert supports_check_mode or not self.check_mode
        self.params = {**{name: option.get("default")
                          for name, option in argument_spec.items()},
                       **self.params}
        return self

    @staticmethod
    def really(argv, check_rc=False):
        done = subprocess.run(argv, capture_output=True, text=True,
                              check=check_rc)
        return done.returncode, done.stdout, done.stderr

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, msg):
        raise Ended({"failed": True, "msg": msg})


def run(module, /, check=False, run_command=None, **params):
    """What it says."""
    with mock.patch.object(module, "AnsibleModule",
                           Module(params, check, run_command)):
        try:
            module.main()
        except Ended as end:
            return end.args[0]
    return None
