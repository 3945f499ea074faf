# SPDX-License-Identifier: MIT
"""The lab's Python files, by name, for tests."""

import importlib.util
import os
import sys

ANSIBLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../../../ansible")
# module_utils finds its neighbours as a program does.
sys.path.insert(0, os.path.join(ANSIBLE, "module_utils"))
sys.dont_write_bytecode = True


def load(path):
    name = os.path.basename(path)[:-3]
    spec = importlib.util.spec_from_file_location(
        "tested_" + name, os.path.join(ANSIBLE, path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
