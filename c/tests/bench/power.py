#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lab's power: how often it sees a difference where there is none, how often
it finds a trader that is slowed down, and how often it calls the same arm
equivalent; each by whole campaigns of t2t-run.

        tests/bench/power.py BUILD FEED FOLDER

POWER='aa slow5 slow1us equal curve busy' are the kinds; of curve and busy there
is one for each size, those of busy beside a process for each CPU that never
sleeps. COUNT=50, instead of each kind's own number; LIMIT=40, instead of its own
seconds. ARM=spin, PACE=rate:20000. Each campaign is a line of
FOLDER/campaigns.jsonl once it is whole; what is there is not run again, so that
it can be stopped and gone on with. FOLDER/power.json has the counts, which
t2t-report shows."""

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile

ALL = "aa slow5 slow1us equal curve busy"
SCHEMA = "t2t-lab-power/1"
CURVE = (1, 2, 5, 10)  # per cent
CPUS = len(os.sched_getaffinity(0))
FAMILIES = {"curve": False, "busy": True}  # of kinds, one a size


@dataclasses.dataclass(frozen=True)
class Kind:
    """Campaigns of one sort. Slowed down by percent of the arm's p50, or by
    nanoseconds; all but the A/A ones within the 40 s that eight blocks took."""

    count: int
    until: str
    wanted: tuple  # calls that are right
    percent: float = 0
    ns: int = 0
    busy: bool = False  # beside a process for each CPU that never sleeps


KINDS = {
    "aa": Kind(400, "decided,10", ("~", "equivalent")),
    "slow5": Kind(20, "decided,40", ("slower",), percent=5),
    "slow1us": Kind(20, "decided,40", ("slower",), ns=1000),
    "equal": Kind(20, "equivalent:5%,40", ("equivalent",)),
} | {f"{name}{percent}": Kind(5, "decided,120", ("slower",), percent, busy=busy)
     for name, busy in FAMILIES.items() for percent in CURVE}


# Ends with who started it, however that ends.
SPIN = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(100000):
        pass
"""


@contextlib.contextmanager
def neighbours(count):
    """So many processes beside it that never sleep, each a session of its own,
    so that the scheduler takes it for another user (sched(7), autogroup)."""
    busy = [subprocess.Popen([sys.executable, "-S", "-c", SPIN],
                             start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


class Failed(Exception):
    """A campaign that came to no end."""


@dataclasses.dataclass
class Lab:
    """What runs campaigns."""

    build: str
    feed: str
    arm: str
    pace: str

    def run(self, *arguments):
        """-> summary, manifest of one campaign."""
        with tempfile.TemporaryDirectory() as folder:
            result = os.path.join(folder, "result")
            done = subprocess.run(
                [os.path.join(self.build, "t2t-run"), "--feed", self.feed,
                 "--pace", self.pace, "--output", result, "--json",
                 *arguments],
                capture_output=True, text=True, check=False)
            try:
                with open(os.path.join(result, "manifest.json"),
                          encoding="utf-8") as file:
                    return json.loads(done.stdout), json.load(file)
            except (OSError, ValueError):
                raise Failed("; ".join(done.stderr.splitlines()[-3:])) \
                    from None

    def pilot(self):
        """-> the arm's own p50 and how long a trial takes, of a few of them, on
        the machine as it is now."""
        summary, _ = self.run("--arms", self.arm, "--blocks", "6",
                              "--verdict", "none")
        p50s = sorted(value for arm in summary["arms"]
                      for value in arm["p50_of_trials_ns"] if value)
        if not p50s:
            raise Failed("no trial has a p50")
        return p50s[len(p50s) // 2], summary["seconds"] / len(p50s)

    def campaign(self, name, number, p50_ns, trial_s):
        kind = KINDS[name]
        # As many as there is time for: looks that never come cost their share.
        end, seconds = kind.until.split(",")
        seconds = os.environ.get("LIMIT") or seconds
        blocks = int(float(seconds) / (3 * trial_s)) + 1
        slow = round(kind.ns or p50_ns * kind.percent / 100)
        other = f"{self.arm}@handicap={slow}" if slow else self.arm
        with neighbours(CPUS if kind.busy else 0):
            summary, manifest = self.run(
                "--arms", f"{self.arm} {other}",
                "--blocks", str(min(max(blocks, 8), 1000)),
                "--until", f"{end},{seconds}", "--seed", str(number))
        said = summary["comparisons"][0]
        return {"kind": name, "number": number, "arm": self.arm,
                "slowed_ns": slow, "p50_ns": p50_ns, "call": said["call"],
                "ratio": said["ratio"], "ratio_low": said["ratio_low"],
                "ratio_high": said["ratio_high"],
                "blocks": manifest["parameters"]["blocks"],
                "alarm": bool((summary["aa"] or {}).get("alarm")),
                "seconds": summary["seconds"],
                "others_cpus": summary["others_cpus"]}


def counted(name, rows):
    """What the campaigns of a kind say."""
    kind = KINDS[name]
    calls = [row["call"] for row in rows]
    times = sorted(row["seconds"] for row in rows
                   if row["call"] in kind.wanted)
    return {"kind": name, "of": len(rows), "wanted": list(kind.wanted),
            "right": sum(call in kind.wanted for call in calls),
            "until": kind.until, "percent": kind.percent, "ns": kind.ns,
            "busy": CPUS if kind.busy else 0,
            "calls": {call: calls.count(call) for call in sorted(set(calls))},
            "times": times,
            # Half of all are decided by then; null: fewer ever are.
            "seconds": times[(len(rows) - 1) // 2]
            if len(times) > (len(rows) - 1) // 2 else None,
            "others_cpus": round(sum(row["others_cpus"] for row in rows)
                                 / max(1, len(rows)), 3)}


def read(path):
    """The campaigns that are whole; what was cut off is none."""
    rows = []
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    rows.append(json.loads(line))
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return rows


def save(folder, lab, rows):
    names = [name for name in KINDS
             if any(row["kind"] == name for row in rows)]
    made = {"schema": SCHEMA, "arm": lab.arm, "pace": lab.pace,
            "kinds": [counted(name,
                              [row for row in rows if row["kind"] == name])
                      for name in names]}
    path = os.path.join(folder, "power.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(made, file, indent=2)
        file.write("\n")
    os.replace(path + ".part", path)


def asked():
    """-> [(name of a kind, how many)], or an exit with the reason."""
    names = []
    for word in (os.environ.get("POWER") or ALL).split():
        if word in FAMILIES:
            names += [f"{word}{percent}" for percent in CURVE]
        elif word in KINDS:
            names.append(word)
        else:
            sys.exit(f"power.py: POWER: no kind '{word}': "
                     + ", ".join((*KINDS, *FAMILIES)))
    count = os.environ.get("COUNT", "")
    if count and (not count.isdigit() or int(count) < 1):
        sys.exit(f"power.py: COUNT={count}: not a number from 1")
    return [(name, int(count or KINDS[name].count)) for name in names]


def main():
    build, feed, folder = sys.argv[1:4]
    lab = Lab(build, feed, os.environ.get("ARM") or "spin",
              os.environ.get("PACE") or "rate:20000")
    kinds = asked()
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "campaigns.jsonl")
    rows = read(path)
    if any(row["arm"] != lab.arm for row in rows):
        sys.exit(f"power.py: {folder} has campaigns of another arm")
    pilot, failures = (), 0
    for name, count in kinds:
        there = {row["number"] for row in rows if row["kind"] == name}
        for number in range(1, count + 1):
            if number in there:
                continue
            try:
                pilot = pilot or lab.pilot()
                row = lab.campaign(name, number, *pilot)
            except Failed as error:
                failures += 1
                print(f"{name} {number}/{count}: failed: {error}",
                      file=sys.stderr)
                continue
            rows.append(row)
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            save(folder, lab, rows)
            now = counted(name, [one for one in rows if one["kind"] == name])
            print(f"{name} {number}/{count}: {row['call']} after "
                  f"{row['seconds']:.0f} s, {row['blocks']} blocks; right so "
                  f"far: {now['right']} of {now['of']}", file=sys.stderr)
    save(folder, lab, rows)
    if failures:
        sys.exit(f"power.py: {failures} campaigns failed")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: power.py BUILD FEED FOLDER")
    if not shutil.which(os.path.join(sys.argv[1], "t2t-run")):
        sys.exit(f"power.py: no {sys.argv[1]}/t2t-run: make")
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
