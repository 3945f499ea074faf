# SPDX-License-Identifier: MIT
"""What ends a verb, in words for whoever called it."""

import subprocess


class Fault(Exception):
    """Why it can't be done, and what would help."""


def run(*command, **options):
    """What a program prints, as bytes (or text, by text=True); Fault with what
    it said where it fails."""
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **options).stdout
    except FileNotFoundError:
        raise Fault(f"no {command[0]} here: run 'make deps-debug'") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr
        if isinstance(said, bytes):
            said = said.decode(errors="replace")
        last = said.strip().splitlines()[-1:] or ["nothing"]
        raise Fault(f"{command[0]} ended with {error.returncode}: "
                    f"{last[0]}") from None
