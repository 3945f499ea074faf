# SPDX-License-Identifier: MIT
"""Arms whose trader is of another revision or tree: program.build, and
program.cflags that it is compiled with (c/build-revision)."""

from .file import settings


def build_of(knobs):
    """What stands in a plan's arm."""
    program = settings(knobs, "program")
    if "build" not in program:
        return {}
    return {"build": {"of": program["build"],
                      "cflags": program.get("cflags", "")}}


def builds(made):
    """Each one once, with the arms that want it."""
    found = []
    for arm in made["arms"]:
        if "build" not in arm:
            continue
        one = next((one for one in found if all(
            one[key] == arm["build"][key] for key in arm["build"])), None)
        if one is None:
            one = dict(arm["build"], arms=[])
            found.append(one)
        one["arms"].append(arm["name"])
    return found


def build_named(build, made):
    """Whose it is, in front of why it is none."""
    return f"{made['name']}.yml: arms.{build['arms'][0]}.program.build: " \
        f"'{build['of']}'" + \
        (f" with {build['cflags']}" if build["cflags"] else "")


def build_found(result, repository):
    """Of the task that built it, whose item is the task that got its tree."""
    tree = result["item"]
    return dict(tree["item"], commit=tree["stdout"].split(" ")[0],
                programs=[f"{repository}/{path}"
                          for path in result["stdout_lines"]])


def built(made, found, folder=""):
    """found: builds() in their order, each with commit and programs, the paths
    that they have on this machine. folder: where their folders were brought to,
    on the trader's machine; nowhere if it is empty."""
    arms = [dict(arm) for arm in made["arms"]]
    for one in found:
        programs = [f"{folder}/" + "/".join(path.split("/")[-3:])
                    for path in one["programs"]] if folder \
            else one["programs"]
        for arm in arms:
            if arm["name"] in one["arms"]:
                arm["build"] = dict(arm["build"], commit=one["commit"])
                arm["layouts"] = programs
    return dict(made, arms=arms)
