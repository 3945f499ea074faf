# SPDX-License-Identifier: MIT
"""`list FOLDER` prints a line for each experiment, `check FILE...` what is
wrong with them, `knobs` all knobs with what each may be."""

import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
# pylint: disable=wrong-import-position
from experiment.file import experiment  # noqa: E402
from experiment.knobs import told  # noqa: E402
from experiment.wrong import Wrong  # noqa: E402


def main(verb, *arguments):
    if verb == "knobs":
        print("\n".join(f"{knob:<34} {value}" for knob, value in told()))
        return 0
    paths = sorted(glob.glob(arguments[0] + "/*.yml")) if verb == "list" \
        else arguments
    code = 0
    for path in paths:
        try:
            found = experiment(path)
        except Wrong as error:
            print(error, file=sys.stderr)
            code = 1
            continue
        if verb == "list":
            print(f"  {found['name']:<18} {found['question']} "
                  f"({', '.join(found['places'])})")
    return code


if __name__ == "__main__":
    if sys.argv[1:] != ["knobs"] and (
            len(sys.argv) < 3 or sys.argv[1] not in ("list", "check")):
        sys.exit("usage: list FOLDER, check FILE..., or knobs")
    sys.exit(main(*sys.argv[1:]))
