# SPDX-License-Identifier: MIT
"""A row of the doctor's: check, found, wanted, and what mends it.

state: ok; note (the lab works without, and says what it does instead);
FAIL (nothing is begun).
"""


def row(check, found, wanted, state, mend=""):
    return {"check": check, "found": str(found), "wanted": str(wanted),
            "state": state, "mend": mend if state != "ok" else ""}


def must(check, found, wanted, good, mend):
    return row(check, found, wanted, "ok" if good else "FAIL", mend)
