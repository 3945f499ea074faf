#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The second oracle: which orders a trader owed, from the feed's lines and a
capture. Another language, decimal arithmetic, a list of prices for a book,
and nothing of the first one (c/wiretap), so that both are hardly wrong in the
same way.

    verify.py RESULT             each trial of a result
    verify.py CAPTURE [OPTION]   one capture of t2t-wiretap

    --feed FILE          what was replayed; its lines are understood where it
                         is CSV as of tardis, plain or gzip
    --channel NAME       raw (default), login, ws or fix; tls, or
                         tls:inner=NAME, with
    --keys FILE          the key log
    --trader FILE        what t2t-trader --json said: as if what it lacked had
                         not been sent
    --recover            later datagrams waited for those that were missing
    --threshold-usd N    (1000000)      --aggress opposite|same
    --contract linear|inverse           --order-quantity N  (1)
    --group A:P[,A:P]    lines (239.255.0.1:12345)
    --order-port N       (9012)         --retransmit-port N  (the next one)
    --json               for programs: an object, or of a result a list

Each datagram is held against the line that it was made of, then the rule
(design: an update on top of its book that is larger than the threshold) against
the orders on the wire. Exit code: 1 where they differ, or differ from what the
first oracle found; 2 for what can't be read.
"""
import argparse
import json
import os
import sys

import feed as feed_file
import judge
import wire

# What both oracles count.
BOTH = ("triggers", "orders", "matched", "missing", "extra", "wrong")
OF_THE_REST = tuple(what for what in BOTH if what != "orders")


def lacked_of(path):
    """(tag, first, behind the last): each range of numbers that the trader
    says it went on without."""
    if not path:
        return []
    with open(path, encoding="utf-8") as file:
        return [(one["tag"], one["first"], one["end"])
                for one in json.load(file).get("lacked", [])]


def lacks(lacked, tag, number):
    return any(tag == of and first <= number < end
               for of, first, end in lacked)


def verify(capture, options):
    """The counts, and whatever differs."""
    lines = None
    if options.feed and feed_file.is_csv(options.feed):
        lines = feed_file.rows(options.feed)
    sessions = wire.sessions(capture, options)
    if not sessions:
        raise wire.Unreadable(f"{capture}: no order connection in it")
    count = judge.Count()
    lacked = lacked_of(options.trader)
    for session in sessions:
        session.datagrams = [one for one in session.datagrams
                             if not lacks(lacked, session.tag, one[0])]
        judge.session(session, lines, options, count)
    return count


def of_trial(folder, arguments):
    """As the trial's own options say. (options, the first oracle's words)"""
    with open(os.path.join(folder, "analysis.json"), encoding="utf-8") as file:
        first = json.load(file)
    with open(os.path.join(folder, "trial.json"), encoding="utf-8") as file:
        trader = json.load(file)["trader"]["parameters"]
    told = first["parameters"]
    options = argparse.Namespace(**vars(arguments))
    for name in ("threshold_usd", "aggress", "contract", "order_quantity",
                 "group", "order_port"):
        setattr(options, name, told[name])
    # Of who waits for what is missing, alone.
    recovery = told.get("recovery") or {}
    options.recover = bool(recovery)
    options.retransmit_port = recovery.get("retransmit_port",
                                           options.order_port + 1)
    if recovery.get("group_b"):
        options.group += "," + recovery["group_b"]
    options.channel = trader["channel"]
    options.keys = os.path.join(folder, "keys.log")
    return options, first


def feed_of(result):
    """The result's, where it still lies there."""
    with open(os.path.join(result, "manifest.json"), encoding="utf-8") as file:
        told = json.load(file).get("feed") or {}
    path = told.get("path") or ""
    if os.path.exists(path) and feed_file.is_that(path, told.get("sha256")):
        return path
    print(f"verify: {path}: no longer the feed that was replayed; the "
          "captures alone are read, or name it: --feed FILE", file=sys.stderr)
    return None


def differences(count, first, names):
    """Between the second oracle and the first."""
    return [f"{what} {count.told()[what]}, by the first oracle {first[what]}"
            for what in names if count.told()[what] != first[what]]


def faults_of(one):
    return one["missing"] + one["extra"] + one["wrong"]


def wrong_alike(count, first):
    """Both say that it is wrong, and of the fewest faults by which what came can
    be explained the first one has no fewer: it knows when each came, too."""
    told, faults = count.told(), differences(count, first, BOTH[:2])
    if not 0 < faults_of(told) <= faults_of(first):
        faults.append(f"{faults_of(told)} faults, by the first oracle "
                      f"{faults_of(first)}")
    return faults


def row(name, count, faults):
    words = "; ".join(faults) or "as called for"
    feed = f"{count.lines} as the feed has them" if count.lines else \
        "no CSV to hold them against"
    return (f"{name:<24} {count.datagrams:>9} datagrams, {feed}; "
            f"{count.orders:>6} orders: {words}")


def of_capture(arguments):
    count = verify(arguments.what, arguments)
    if arguments.json:
        print(json.dumps(count.told()))
    else:
        print(row(os.path.basename(arguments.what), count, count.faults()))
    return 1 if count.faults() else 0


def of_result(arguments):
    arguments.feed = arguments.feed or feed_of(arguments.what)
    trials = os.path.join(arguments.what, "trials")
    told, code = [], 0
    for name in sorted(os.listdir(trials)):
        folder = os.path.join(trials, name)
        capture = os.path.join(folder, "capture.pcapng")
        if not os.path.exists(capture):
            continue
        options, first = of_trial(folder, arguments)
        if not wire.channel(options.channel):
            print(f"{name:<24} is not read: {options.channel}",
                  file=sys.stderr)
            continue
        if first["correct"] is None:
            print(f"{name:<24} void, as the first oracle says: "
                  f"{first['reason']}", file=sys.stderr)
            continue
        count = verify(capture, options)
        if first["correct"]:
            faults = count.faults() + differences(count, first, BOTH)
        else:
            faults = wrong_alike(count, first)
        if (first.get("lacked") or {}).get("correct") is not None:
            options.trader = os.path.join(folder, "trader.json")
            faults += [f"by what the trader had: {one}" for one in
                       differences(verify(capture, options), first["lacked"],
                                   OF_THE_REST)]
        code = 1 if faults else code
        told.append({"trial": name, **count.told(), "faults": faults})
        if not arguments.json:
            print(row(name, count, faults), flush=True)
    if not told:
        raise wire.Unreadable(f"{trials}: no trial that can be judged")
    if arguments.json:
        print(json.dumps(told))
    return code


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__, add_help=False, allow_abbrev=False)
    parser.add_argument("what")
    parser.add_argument("--feed")
    parser.add_argument("--channel", default="raw")
    parser.add_argument("--keys")
    parser.add_argument("--trader")
    parser.add_argument("--recover", action="store_true")
    parser.add_argument("--threshold-usd", type=int, default=1000000)
    parser.add_argument("--aggress", default="opposite",
                        choices=("opposite", "same"))
    parser.add_argument("--contract", default="linear",
                        choices=("linear", "inverse"))
    parser.add_argument("--order-quantity", type=int, default=1)
    parser.add_argument("--group", default="239.255.0.1:12345")
    parser.add_argument("--order-port", type=int, default=9012)
    parser.add_argument("--retransmit-port", type=int)
    parser.add_argument("--json", action="store_true")
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__.strip())
        return 0
    arguments = parser.parse_args()
    if not wire.channel(arguments.channel):
        parser.error(f"--channel: '{arguments.channel}': expected one of "
                     + ", ".join(wire.CHANNELS) + ", or tls:inner= of them")
    if arguments.retransmit_port is None:
        arguments.retransmit_port = arguments.order_port + 1
    try:
        return (of_result if os.path.isdir(arguments.what)
                else of_capture)(arguments)
    except (wire.Unreadable, feed_file.Unreadable, OSError, KeyError) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
