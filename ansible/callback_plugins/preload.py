# SPDX-License-Identifier: MIT
"""What each process that runs a task would import for itself. See
DOCUMENTATION."""

DOCUMENTATION = """
name: preload
type: aggregate
short_description: Imports once what every task's process needs
description:
  - Each task runs in a fork of this process, and what it imports ends with it.
    What nearly all of them need is imported here, before the first; together
    that is a third of the CPU that a play costs.
"""

import gc

from ansible.plugins import loader
from ansible.plugins.callback import CallbackBase
from ansible.utils.collection_loader import _collection_finder


class CallbackModule(CallbackBase):
    """Says nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "preload"

    # With the connection "here" comes what every module imports.
    def v2_playbook_on_start(self, playbook):
        for plugins in (loader.filter_loader, loader.test_loader):
            list(plugins.all())
        for plugins in (loader.action_loader, loader.connection_loader,
                        loader.lookup_loader):
            list(plugins.all(class_only=True))
        # pylint: disable-next=protected-access # read anew by each fork
        _collection_finder._get_collection_metadata("ansible.builtin")
        # Nor do forks look for cycles among them, which would copy each page that
        # they lie on; and a playbook ends before those of its own are many.
        gc.freeze()
        gc.disable()
