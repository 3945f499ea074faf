# SPDX-License-Identifier: MIT
"""What a module shows of a change: the text before it and the one after."""

import json


def text_of(state):
    if isinstance(state, str):
        return state
    return json.dumps(state, indent=2, sort_keys=True) + "\n" if state else ""


def difference(before, after, name):
    """As --diff prints it. before, after: texts, or what has a name each."""
    return {"before": text_of(before), "before_header": name,
            "after": text_of(after), "after_header": name}


def asked(module):
    """Does anybody want to see it? For what costs time to find out."""
    return module._diff  # pylint: disable=protected-access
