# SPDX-License-Identifier: MIT
"""What is wrong with a file or a wish; Ansible prints it as it stands."""

import difflib

try:
    from ansible.errors import AnsibleFilterError as Wrong
except ImportError:
    Wrong = ValueError

__all__ = ["Wrong", "unknown"]


def unknown(name, known):
    """What to say of a name that is none of those known."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    return "unknown" + (f"; did you mean {near[0]}?" if near else "") + \
        "; there are: " + (", ".join(known) or "none")
