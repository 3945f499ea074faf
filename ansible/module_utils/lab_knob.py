# SPDX-License-Identifier: MIT
"""Knobs of a running machine: read, set, read back, and put back.

A knob is {"kind": "sysctl" | "nic" | "machine" | "socket" | "order", "name":
..., "value": ...}; lab_knob_kinds.py has the kinds and the names. What is found
is written into the record before anything is changed, so that a run that was
killed is put right by the next one, or by `make restore`. A knob that is not
there, or that does not become what was asked, is Missing: named with its
reason, and never taken for set.

By itself this file is a program, by which t2t-run turns knobs in a trader's
namespace and on machines; library/lab_knob.py is the same for playbooks.
"""

import contextlib
import functools
import io
import json
import os
import sys

try:
    from ansible.module_utils.lab_knob_kinds import Files, Missing, knob_of, \
        label, shown
    from ansible.module_utils.lab_record import Record, alone, boot_id, \
        make_folder
except ImportError:  # as a program: beside this file
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from lab_knob_kinds import Files, Missing, knob_of, label, shown
    from lab_record import Record, alone, boot_id, make_folder


def by_one(turns):
    """Of Knobs: by one at a time, whoever else has its record."""
    @functools.wraps(turns)
    def done(self, *arguments):
        with alone(self.record) if self.record else contextlib.nullcontext():
            return turns(self, *arguments)
    return done


class Knobs:
    """Those of one machine, or of a namespace on it. machine: path of the
    machine's network namespace, where we are in another one: what that one
    lacks is the machine's. dry: for left(), look() and foresee() alone."""

    def __init__(self, record, interface, machine=None, dry=False):
        self.record, self.interface, self.machine = record, interface, machine
        if record and not dry:
            make_folder(os.path.dirname(record))

    def knob(self, knob, whole_machine):
        files = Files(self.machine if whole_machine else None)
        return knob_of(knob, knob.get("interface", self.interface), files)

    def scope(self, knob):
        """(knob, is it the whole machine's?): in a namespace, what is there
        and can be written ends with it and needs no record."""
        if knob["kind"] in ("socket", "order"):
            return self.knob(knob, False), False
        if not self.machine or knob["kind"] == "nic":
            return self.knob(knob, False), not self.machine
        own = self.knob(knob, False)
        if knob["name"].startswith("net."):
            try:
                own.write(own.read())
                return own, False
            except Missing:
                pass
        return self.knob(knob, True), True

    def enter(self, knob, before):
        """Before it is changed. What an earlier run found stands."""
        with Record(self.record) as record:
            if not record.find("knob", label(knob)):
                record.add({"kind": "knob", "name": label(knob),
                            "knob": dict(knob, interface=self.interface),
                            "before": before, "boot": boot_id()})

    def set_one(self, knob):
        turned, recorded = self.scope(knob)
        before = turned.read()
        wanted = str(knob["value"])
        if turned.normal(before) != turned.normal(wanted):
            if recorded:
                self.enter(knob, turned.keep())
            turned.write(wanted)
        found = turned.read()
        if turned.normal(found) != turned.normal(wanted):
            raise Missing(f"{label(knob)}: requested {wanted}, "
                          f"got {found}")
        return {"knob": label(knob), "wanted": wanted, "before": before,
                "found": found}

    def look(self, knobs):
        """label -> value; None where it is missing."""
        found = {}
        for knob in knobs:
            try:
                found[label(knob)] = self.scope(knob)[0].read()
            except Missing:
                found[label(knob)] = None
        return found

    @by_one
    def apply(self, knobs):
        """All or nothing: (set, missing)."""
        done = []
        for knob in knobs:
            try:
                done.append(self.set_one(knob))
            except Missing as reason:
                return done, [{"knob": label(knob), "reason": str(reason)}]
        # One may undo another: of some pairs of sysctls one is always 0.
        for knob, one in zip(knobs, done):
            if knob["kind"] in ("socket", "order"):
                continue
            turned = self.scope(knob)[0]
            found = turned.read()
            if turned.normal(found) != turned.normal(one["found"]):
                return done, [{"knob": one["knob"], "reason":
                               f"{one['knob']}: requested {one['wanted']}, "
                               f"another knob made it {found}"}]
        return done, []

    def foresee(self, knobs):
        """As apply(), with nothing turned: what the kernel may refuse is not
        known yet."""
        done = []
        for knob in knobs:
            try:
                turned = self.scope(knob)[0]
                before, wanted = turned.read(), str(knob["value"])
            except Missing as reason:
                return done, [{"knob": label(knob), "reason": str(reason)}]
            same = turned.normal(before) == turned.normal(wanted)
            done.append({"knob": label(knob), "wanted": wanted,
                         "before": before,
                         "found": before if same else wanted})
        return done, []

    def probe(self, knobs):
        """Turn them and turn them back: what can't be."""
        missing = self.apply(knobs)[1]
        self.restore()
        return missing

    def entries(self):
        if not self.record or not os.path.exists(self.record):
            return []
        with Record(self.record) as record:
            return [made for made in record.made if made["kind"] == "knob"]

    def left(self):
        """Of the record's entries those that restore() would put back."""
        return [entry for entry in reversed(self.entries())
                if entry["boot"] == boot_id()]

    @by_one
    def restore(self):
        """What the record names, last first: (put back, could not be)."""
        done, failed = [], []
        entries = self.entries()
        for entry in reversed(entries):
            # After a reboot the kernel has its own values again.
            if entry["boot"] == boot_id():
                try:
                    self.knob(entry["knob"], bool(self.machine)).put_back(
                        entry["before"])
                    done.append(entry["name"])
                except Missing as reason:
                    failed.append({"knob": entry["name"],
                                   "reason": str(reason)})
                    continue
            with Record(self.record) as record:
                record.remove("knob", entry["name"])
        return done, failed


# A namespace sees its own devices only in a sysfs of its own.
ENTER = "mount -t sysfs none /sys && exec \"$@\""
RIG = ("ip link add trader0 type veth peer name exchange0 && "
       "ip link set trader0 up && ip link set exchange0 up && " + ENTER)


def reenter(arguments, script, unshare, machine):
    """This program again, in a mount namespace (and a network one). In a
    chroot, where / is no mount point, unshare(1) can't make it private: whoever
    made the chroot has."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        private = any(line.split()[4] == "/" for line in mounts)
    os.execvp("unshare", [
        "unshare", "--mount", "--propagation",
        "private" if private else "unchanged", *unshare,
        "sh", "-c", script, "sh", sys.executable, os.path.abspath(__file__),
        *arguments, "--machine", machine])


def knobs_argument(text):
    knobs = json.loads(text)
    return knobs if isinstance(knobs, dict) else {"set": knobs, "read": []}


def parse(arguments):
    # An emulated guest takes a fifth of a second for it: not where a module is.
    import argparse  # pylint: disable=import-outside-toplevel
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=["apply", "probe", "restore", "dump"])
    parser.add_argument("--record", required=True)
    parser.add_argument("--interface", default="trader0")
    parser.add_argument("--knobs", type=knobs_argument,
                        default={"set": [], "read": []})
    parser.add_argument("--namespace", action="store_true",
                        help="we are in a namespace of the caller's making")
    parser.add_argument("--rig", action="store_true",
                        help="make such a namespace and its veth pair first")
    parser.add_argument("--machine", default="")
    return parser.parse_args(arguments)


def serve(requests, answers):
    """Do what {"argv": [...]} of each line asks, and answer by a line {"code":
    N, "out": text, "err": text}, until there are no more: an emulated guest
    takes a second for our start (c/agent/agent_standby.h)."""
    for line in requests:
        out, err = io.StringIO(), io.StringIO()
        shown.cache_clear()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(json.loads(line)["argv"])
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except Exception:  # pylint: disable=broad-exception-caught
                # pylint: disable-next=import-outside-toplevel
                import traceback
                traceback.print_exc()
                code = 1
        print(json.dumps({"code": code, "out": out.getvalue(),
                          "err": err.getvalue()}), file=answers, flush=True)


def main(arguments):
    if arguments == ["serve"]:
        serve(sys.stdin, sys.stdout)
        return 0
    options = parse(arguments)
    if not options.machine and options.rig:
        # The machine's namespace is that of whoever waits for us.
        reenter(arguments, RIG, ["--net"], f"/proc/{os.getppid()}/ns/net")
    if not options.machine and options.namespace:
        reenter(arguments, ENTER, [], f"/proc/{os.getppid()}/ns/net")
    knobs = Knobs(options.record, options.interface, options.machine or None)
    result, bad = {}, []
    if options.verb == "apply":
        # A run that was killed may have left its own.
        knobs.restore()
        done, bad = knobs.apply(options.knobs["set"])
        result = {"set": done, "missing": bad,
                  "found": knobs.look(options.knobs["read"])}
        if bad:
            knobs.restore()
    elif options.verb == "probe":
        result = {"missing": knobs.probe(options.knobs["set"])}
    elif options.verb == "dump":
        result = knobs.look(options.knobs["set"])
    else:
        # As the run left them: who compares learns what moved underway.
        found = knobs.look(options.knobs["read"])
        done, bad = knobs.restore()
        result = {"restored": done, "failed": bad, "found": found}
    print(json.dumps(result, indent=2))
    for one in bad:
        print(f"{one['knob']}: {one['reason']}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
