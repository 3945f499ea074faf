# SPDX-License-Identifier: MIT
"""The connection to this machine. See DOCUMENTATION."""

DOCUMENTATION = """
name: here
short_description: This machine, without a Python for each module
description:
  - As the connection V(local). But where a module is for the Python that runs
    Ansible, and nobody has to become another user for it, it runs in a fork of
    the process that asks for it, which has most of its imports, and not in a
    Python of its own. That costs a tenth of the CPU.
extends_documentation_fragment: [connection_pipelining]
options:
  become_success_timeout:
    description: As of the connection V(local), which asks for it since 2.19.
    type: int
    default: 10
    vars: [{name: ansible_local_become_success_timeout}]
  become_strip_preamble:
    description: As of the connection V(local), which asks for it since 2.19.
    type: bool
    default: true
    vars: [{name: ansible_local_become_strip_preamble}]
"""

import atexit
import os
import re
import selectors
import shutil
import signal
import sys
import traceback
import types

import ansible.modules
import ansible.module_utils
# What every module imports, once for all of them.
import ansible.module_utils.basic  # noqa: F401
from ansible import constants
from ansible.plugins.connection.local import Connection as Local

# A module that reads no environment of its own, as Ansible asks for it.
ALONE = re.compile(r"/bin/sh -c '([^\s']+) && sleep 0'")
PACKED = b"_ANSIBALLZ_WRAPPER = True"


def is_ours(interpreter):
    """Is it the Python that runs this?"""
    found = shutil.which(interpreter)
    return found is not None and (os.path.realpath(found)
                                  == os.path.realpath(sys.executable))


def run_module(text):
    """Of the process that is the module's from now on: its exit code."""
    # The controller's are not to be run here, those of the module are.
    atexit._clear()  # pylint: disable=protected-access
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    sys.argv = ["module"]
    # What is not Ansible's own is found where it was packed from: as one of
    # Ansible's modules, or since 2.19 of those beside them.
    ansible.modules.__path__ += constants.DEFAULT_MODULE_PATH
    ansible.module_utils.__path__ += constants.DEFAULT_MODULE_UTILS_PATH
    beside = types.ModuleType("ansible.legacy")
    beside.__path__ = list(ansible.modules.__path__)
    sys.modules.setdefault(beside.__name__, beside)
    try:
        # pylint: disable-next=exec-used # what a Python of its own would run
        exec(compile(text, "module", "exec"), {"__name__": "__main__"})
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:  # pylint: disable=broad-except # told as Python does
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()  # pylint: disable=protected-access
    return code if isinstance(code, int) else int(code is not None)


def become_module(text, output, error):
    """Ends this process."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(error, 2)
        sys.stdin = open(0, encoding="utf-8", closefd=False)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)
        code = run_module(text)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)  # pylint: disable=protected-access


def read_all(*pipes):
    """What comes out of each until its end, in their order."""
    said = {pipe: b"" for pipe in pipes}
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                part = os.read(key.fd, 1 << 16)
                said[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
    return list(said.values())


class Connection(Local):
    """See DOCUMENTATION."""

    transport = "here"
    has_pipelining = True

    def exec_command(self, cmd, in_data=None, sudoable=True):
        alone = ALONE.fullmatch(cmd)
        if not (alone and in_data and PACKED in in_data
                and is_ours(alone.group(1))):
            return super().exec_command(cmd, in_data, sudoable)
        output, output_end = os.pipe()
        error, error_end = os.pipe()
        child = os.fork()
        if child == 0:
            become_module(in_data, output_end, error_end)
        os.close(output_end)
        os.close(error_end)
        said = read_all(output, error)
        os.close(output)
        os.close(error)
        _, status = os.waitpid(child, 0)
        return (os.waitstatus_to_exitcode(status), *said)
