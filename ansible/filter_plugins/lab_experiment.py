# SPDX-License-Identifier: MIT
"""Experiments, for templates: module_utils/experiment."""

import os
import sys

# Filters find no module_utils by themselves.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../module_utils"))
# pylint: disable-next=wrong-import-position
from experiment import builds, file, machines, plan, site, text  # noqa: E402


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        named = {"": file.experiment, "plan": plan.plan, "text": text.text,
                 "commands": site.with_commands, "site": site.with_site,
                 "passwords": site.passwords,
                 "builds": builds.builds, "built": builds.built,
                 "build_named": builds.build_named,
                 "build_found": builds.build_found, "single": plan.single, "lines": plan.lines_in}
        named.update({name: getattr(machines, name) for name in (
            "turned", "tried", "tries", "reason", "guests",
            "handed_down")})
        named.update({name: getattr(machines, name + "_of") for name in (
            "missing", "lost", "panicked", "ran")})
        return {"lab_experiment" + "_" * bool(name) + name: function
                for name, function in named.items()}
