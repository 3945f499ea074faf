# SPDX-License-Identifier: MIT
"""Machines that can die, for tests: each is a network namespace of its
address's name, and is dead where MORTAL_FOLDER has a file of that name."""

DOCUMENTATION = """
name: mortal
short_description: A network namespace that can die
description: The local connection, in a namespace, until it is dead.
extends_documentation_fragment: [connection_pipelining]
options: {}
"""

import os
import shlex

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    """See DOCUMENTATION."""

    transport = "mortal"

    def insist(self):
        name = self._play_context.remote_addr
        if os.path.exists(os.path.join(os.environ["MORTAL_FOLDER"], name)):
            raise AnsibleConnectionFailure(f"{name} does not answer")
        return name

    def exec_command(self, cmd, in_data=None, sudoable=True):
        name = self.insist()
        done = super().exec_command(
            f"ip netns exec {name} sh -c {shlex.quote(cmd)}", in_data,
            sudoable)
        self.insist()
        return done

    def put_file(self, in_path, out_path):
        self.insist()
        super().put_file(in_path, out_path)

    def fetch_file(self, in_path, out_path):
        self.insist()
        super().fetch_file(in_path, out_path)
