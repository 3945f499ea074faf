# SPDX-License-Identifier: MIT
"""library/lab_knob.py, where there is something for it to do. Most often nothing
is left to put back: a shell says so in a tenth of the time that an emulated guest
takes to start Python.
"""

import shlex

from ansible.plugins.action import ActionBase

NOTHING_LEFT = """\
if [ ! -e {record}.lock ] &&
	{{ [ ! -e {record} ] || grep -qF '"made": []' {record}; }}; then
	echo nothing
fi"""


class ActionModule(ActionBase):
    """Ansible finds it by this name."""

    _supports_check_mode = True

    def nothing_left(self):
        """No record, or one that names no knob, and nobody is at it. What is
        damaged is the module's to tell."""
        asked = self._task.args
        if asked.get("state") != "restored" or asked.get("read") or \
                not asked.get("record"):
            return False
        said = self._low_level_execute_command(NOTHING_LEFT.format(
            record=shlex.quote(asked["record"])))
        return said["stdout"].strip() == "nothing"

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        if self.nothing_left():
            return {**result, "changed": False, "restored": [], "found": {}}
        return {**result, **self._execute_module(task_vars=task_vars)}
