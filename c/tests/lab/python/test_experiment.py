# SPDX-License-Identifier: MIT
"""Experiments' files: what is wrong with them is said with file, key and what
is allowed; and what plans are made of them."""

import glob
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import types
import unittest

import support  # first: it says where the others are

from experiment import (builds, file as checked, knobs, machines, options, order,
                        plan as planned, text)
from experiment.wrong import Wrong

lab = types.SimpleNamespace(Wrong=Wrong)
for module in (builds, checked, knobs, machines, options, order, planned,
               text):
    vars(lab).update(vars(module))

GOOD = """
question: Does it?
places: [local, lab]
arms:
  a:
  b: {program: {receive: spin}}
"""
WHERE = {"place": "local", "accelerator": "none", "feed": "f.gz", "lines": 100,
         "group": "239.1.1.1:1", "paces": {"none": "rate:100",
                                           "tcg": "rate:10"}}

LAB = dict(WHERE, place="lab", accelerator="tcg")
SIDES = [{"where": "trader", "host": "t"}, {"where": "host", "host": "h"},
         {"where": "exchange", "host": "e"}]


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mine.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return lab.experiment(path)


def arms(text):
    return GOOD.replace("{program: {receive: spin}}", text)


class Refused(unittest.TestCase):
    """Each of these is refused, and the message names what is meant."""

    def refused(self, text, *said):
        with self.assertRaises(lab.Wrong) as caught:
            read(text)
        for one in ("mine.yml", *said):
            self.assertIn(one, str(caught.exception))

    def test_no_yaml(self):
        self.refused("question: [", "line", "no YAML")

    def test_a_list(self):
        self.refused("- a\n- b\n", "the file")

    def test_nothing(self):
        self.refused("", "the file")

    def test_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mine.yml")
            with open(path, "wb") as file:
                file.write(b"\xff\xfe\x00\x01")
            with self.assertRaises(lab.Wrong):
                lab.experiment(path)

    def test_unknown_key(self):
        self.refused(GOOD + "sed: 3\n", "sed", "unknown", "seed")

    def test_missing_question(self):
        self.refused("places: [local]\narms: {a: }\n", "question", "missing")

    def test_unknown_place(self):
        self.refused(GOOD.replace("[local, lab]", "[moon]"), "places", "metal")

    def test_unknown_family(self):
        self.refused(arms("{soket: {rcvbuf: 5000}}"), "arms.b.soket",
                     "socket")

    def test_unknown_knob(self):
        self.refused(arms("{socket: {rcvbuff: 5000}}"),
                     "arms.b.socket.rcvbuff", "rcvbuf")

    def test_unknown_sysctl(self):
        self.refused(arms("{sysctl: {net.core.buzy: 5}}"),
                     "arms.b.sysctl.net.core.buzy", "unknown")

    def test_sysctls_that_do_not_go_back(self):
        for name, why in (("kernel.modules_disabled", "next boot"),
                          ("kernel.kexec_load_disabled", "next boot"),
                          ("vm.drop_caches", "no value"),
                          ("kernel.core_pattern", "program"),
                          ("net.ipv4.ip_forward", "defaults"),
                          ("vm.nr_hugepages", "domain.hugepage_kib")):
            for where in ("{sysctl: {%s: 1}}", "{host: {sysctl: {%s: 1}}}"):
                self.refused(arms(where % name), name, "no experiment may",
                             why)

    def test_a_near_miss_is_told(self):
        self.refused(arms("{nic: {rx-uses: 3}}"), "arms.b.nic.rx-uses",
                     "did you mean rx-usecs?")
        self.refused(arms("{program: {receive: spinn}}"),
                     "arms.b.program.receive", "no receive path spinn",
                     "did you mean spin?", "xdp")
        self.refused(arms("{domain: {vcpu: 3}}"), "did you mean vcpus?")

    def test_unknown_members_of_each_family(self):
        for name in lab.FAMILIES:
            self.refused(arms("{program: {%s: nowhere}}" % name),
                         f"arms.b.program.{name}", "nowhere", "there are")

    def test_options_behind_the_colon(self):
        for text, *said in (
                ("xdp:mood=native", "receive.mood", "did you mean mode?"),
                ("xdp:mode=fast", "receive.mode", "native"),
                ("spin:rcvbuf=1k", "receive.rcvbuf", "4096"),
                ("spin:busy_poll=maybe", "receive.busy_poll", "1000000"),
                ("spin:timestamps=2", "receive.timestamps", "on or off")):
            self.refused(arms("{program: {receive: '%s'}}" % text), *said)
        for text in ("xdp:mode=native,frames=4k", "spin:rcvbuf=1m",
                     "spin:timestamps,busy_poll=keep", "replay:file=a.pcapng"):
            if lab.families()["receive"][text.partition(":")[0]] is not None:
                self.assertTrue(read(arms("{program: {receive: '%s'}}"
                                          % text)))

    def test_options_that_the_receive_path_lacks(self):
        self.refused(arms("{program: {receive: xdp}, socket: {rcvbuf: 5000}}"),
                     "arms.b.socket.rcvbuf", "the receive path xdp has no",
                     "spin")
        self.refused(arms("{program: {receive: packet}}")
                     + "base: {socket: {busy_poll: 50}}\n",
                     "arms.b.socket.busy_poll", "packet")
        self.refused(arms("{socket: {batch: 4}}"), "the receive path block")
        self.assertTrue(read(arms(
            "{program: {receive: mmsg}, socket: {batch: 4}}")))

    def test_options_that_the_transport_lacks(self):
        for transport in ("zerocopy", "uring", "bypass", "'null'",
                          "'zerocopy:how=send_zc'"):
            self.refused(arms("{program: {transport: %s}, order: {tos: 16}}"
                              % transport), "arms.b.order.tos", "send")
        self.refused(arms("{program: {transport: zerocopy}}")
                     + "base: {order: {nodelay: on}}\n",
                     "arms.b.order.nodelay")
        self.assertTrue(read(arms(
            "{program: {transport: send}, order: {tos: 16}}")))

    def test_out_of_range(self):
        self.refused(arms("{process: {fifo: 100}}"), "arms.b.process.fifo",
                     "100", "1 to 99")

    def test_no_number(self):
        self.refused(arms("{socket: {rcvbuf: much}}"), "much", "4096")

    def test_no_word(self):
        self.refused(arms("{machine: {thp: sometimes}}"), "sometimes",
                     "madvise")

    def test_unknown_nic_model(self):
        self.refused(arms("{domain: {nic_model: tulip}}"), "tulip", "e1000e")

    def test_wrong_pace(self):
        self.refused(GOOD + "pace: warp:9\n", "pace", "warp:9", "rate:N")

    def test_wrong_losses(self):
        for knob, value in (("lose", "much"), ("lose", "1%,2%"),
                            ("swap", "C:1%"), ("delay", "1%"),
                            ("duplicate", "B:1%,A:"), ("recover", "maybe"),
                            ("recover_ms", "0"), ("second_group", "10.0.0.1:5"),
                            ("second_group", "239.0.0.1")):
            self.refused(arms(f"{{program: {{{knob}: '{value}'}}}}"),
                         f"arms.b.program.{knob}", value, "wanted")

    def test_a_line_that_is_not_there(self):
        self.refused(arms("{program: {lose: 'A:1%,B:2%'}}"),
                     "arms.b.program.lose", "second_group")
        # The base's line is the arm's, too.
        read(arms("{program: {lose: 'B:2%'}}")
             + "base: {program: {second_group: '239.1.1.2:1'}}\n")

    def test_bursts_take_as_long_as_their_rate(self):
        even, bursts, slow = (
            lab.plan(read(GOOD + f"pace: {pace}\nlines: 10000\n"), WHERE)
            for pace in ("rate:100", "burst:5@100", "rate:5"))
        self.assertEqual(bursts["pace"], "burst:5@100")
        self.assertEqual(lab.seconds(even), lab.seconds(bursts))
        self.assertGreater(lab.seconds(slow), lab.seconds(even))
        self.refused(GOOD + "pace: burst:5\n", "pace", "burst:5", "burst:")

    def test_a_pace_that_is_none_yet(self):
        self.assertEqual(read(GOOD + "pace: auto\n")["pace"]["lab"], "auto")
        self.refused(arms("{program: {pace: auto}}"), "pace", "auto", "rate:N")

    def test_the_baselines_second_name(self):
        self.refused(GOOD + "  a-again: {program: {receive: mmsg}}\n",
                     "a-again", "baseline")

    def test_wrong_blocks(self):
        self.refused(GOOD + "blocks: 0\n", "blocks", "1 to 1000")

    def test_wrong_until(self):
        self.refused(GOOD + "until: soon\n", "until", "equivalent:PERCENT")

    def test_wrong_gate(self):
        self.refused(GOOD + "gate: on\n", "gate", "off, or bounds")
        self.refused(GOOD + "gate: {gap: 2s}\n", "gate.gap", "2ms")
        self.refused(GOOD + "gate: {psi: 5}\n", "gate.psi", "30%")
        self.refused(GOOD + "gate: {gop: 2ms}\n", "gate.gop", "gap")
        self.refused(GOOD + "gate: {repeats: -1}\n", "gate.repeats",
                     "0 to 1000")

    def test_wrong_verdict(self):
        self.refused(GOOD + "verdict: worst\n", "verdict", "worst")

    def test_arms_and_factors(self):
        self.refused(GOOD + "factors: {x: {y: }}\n", "arms", "factors")

    def test_wrong_arm_name(self):
        self.refused(GOOD.replace("  a:", "  'a b/c':"), "a b/c")

    def test_too_many(self):
        self.refused("question: q\nplaces: [lab]\nfactors:\n"
                     "  x: {a: , b: , c: , d: }\n  y: {a: , b: , c: , d: }\n",
                     "16 arms", "15")

    def test_no_such_experiment(self):
        with self.assertRaises(lab.Wrong) as caught:
            lab.experiment(os.path.join(support.ANSIBLE,
                                        "experiments/bussy-poll.yml"))
        self.assertIn("bussy-poll", str(caught.exception))
        self.assertIn("busy-poll", str(caught.exception))


class Plan(unittest.TestCase):
    """What is run."""

    def test_shipped_files(self):
        paths = glob.glob(support.ANSIBLE + "/experiments/*.yml")
        self.assertGreaterEqual(len(paths), 21)
        for path in paths:
            for place in lab.experiment(path)["places"]:
                made = lab.plan(lab.experiment(path),
                                dict(WHERE, place=place, accelerator="tcg"))
                self.assertTrue(made["seconds"] > 0)
                self.assertTrue(lab.text(made))

    def test_shipped_files_allow_a_verdict(self):
        for path in glob.glob(support.ANSIBLE + "/experiments/*.yml"):
            what = lab.experiment(path)
            needed = lab.order(len(what["arms"]) + 1, 1, 1)[
                "best_needed" if what["verdict"] == "best"
                else "blocks_needed" if what["judge"] == "p50"
                else "tail_needed"]
            for place in what["places"]:
                self.assertGreaterEqual(int(what["blocks"][place]), needed,
                                        (path, place))

    def test_too_few_blocks_for_a_verdict_are_told(self):
        self.assertEqual(
            [lab.order(n + 2, 1, 1)["blocks_needed"] for n in (1, 2, 3, 4, 8)],
            [6, 7, 7, 8, 9])
        made = lab.plan(read(GOOD), dict(WHERE, blocks=5))
        self.assertIn("no verdict: 6 blocks", lab.text(made))
        made = lab.plan(read(GOOD), dict(WHERE, blocks=6))
        self.assertNotIn("no verdict", lab.text(made))

    def test_until(self):
        self.assertNotIn("until", lab.plan(read(GOOD), WHERE))
        asked = read(GOOD + "until: 'equivalent:3%'\nblocks: 20\n")
        made = lab.plan(asked, WHERE)
        self.assertEqual(made["until"], "equivalent:3%")
        self.assertIn("until       equivalent:3%", lab.text(made))
        self.assertNotIn("until", lab.plan(asked, dict(WHERE, blocks=3)))
        made = lab.plan(asked, dict(WHERE, until="decided,60"))
        self.assertEqual(made["until"], "decided,60")

    def test_verdict(self):
        self.assertEqual(lab.plan(read(GOOD), WHERE)["verdict"], "each")
        race = read(GOOD + "  c: {program: {receive: spin}}\nverdict: best\n"
                    "blocks: 20\n")
        made = lab.plan(race, WHERE)
        self.assertEqual(made["verdict"], "best")
        self.assertEqual(made["blocks_needed"], 7)
        self.assertIn("which arm is the best", lab.text(made))
        # So few were asked for: figures alone.
        self.assertEqual(lab.plan(race, dict(WHERE, blocks=6))["verdict"],
                         "none")
        self.assertEqual(
            lab.plan(race, dict(WHERE, verdict="each"))["verdict"], "each")
        few = read(GOOD + "blocks: 5\nverdict: none\n")
        self.assertEqual(lab.plan(few, WHERE)["verdict"], "none")

    def test_judge(self):
        tail = read(GOOD + "judge: p99\nblocks: 16\n")
        made = lab.plan(tail, WHERE)
        self.assertEqual(made["judge"], "p99")
        self.assertEqual(made["blocks_needed"], 16)
        self.assertIn("p99 of all orders", lab.text(made))
        self.assertEqual(lab.plan(tail, dict(WHERE, judge="p50"))["judge"],
                         "p50")
        for where, wanted in (({"judge": "p98"}, "p50, p99"),
                              ({"verdict": "best"}, "best is by p50")):
            with self.assertRaises(lab.Wrong) as caught:
                lab.plan(tail, dict(WHERE, **where))
            self.assertIn(wanted, str(caught.exception))

    def test_measure(self):
        self.assertEqual(lab.plan(read(GOOD), WHERE)["measure"], "orders")
        logon = read(GOOD + "measure: logon:60\nlines: 400\n"
                     "pace: rate:1000\n")
        made = lab.plan(logon, dict(WHERE, lines=400))
        self.assertEqual(made["measure"], "logon:60")
        self.assertIn("measure     logon:60", lab.text(made))
        self.assertIn("10 logons of a trial enter no figure", lab.text(made))
        # Each session has the whole feed.
        self.assertGreater(made["seconds"], 60 * 0.4 * len(made["trials"]))
        with self.assertRaises(lab.Wrong) as caught:
            lab.plan(read(GOOD + "measure: logon:10\n"), WHERE)
        self.assertIn("all sessions warm up", str(caught.exception))
        for measure in ("login", "logon:0", "logon:100001", "logon:", "orders:1"):
            with self.assertRaises(lab.Wrong) as caught:
                read(GOOD + f"measure: \"{measure}\"\n")
            self.assertIn("wanted: orders, logon", str(caught.exception))

    def test_few_blocks_without_a_word_of_a_verdict_are_figures(self):
        self.assertEqual(lab.plan(read(GOOD + "blocks: 5\n"), WHERE)["verdict"],
                         "none")
        self.assertEqual(lab.plan(read(GOOD + "blocks: 6\n"), WHERE)["verdict"],
                         "each")

    def test_what_could_tell_nothing_is_refused(self):
        for text, where, wanted in (
                ("blocks: 5\nverdict: each\n", {},
                 "blocks: 5 can decide nothing; 6 are"),
                ("verdict: none\n", {"until": "decided"}, "needs a verdict"),
                ("", {"verdict": "worst"}, "each, best or none")):
            with self.subTest(text, **where):
                with self.assertRaises(lab.Wrong) as caught:
                    lab.plan(read(GOOD + text), dict(WHERE, **where))
                self.assertIn(wanted, str(caught.exception))

    def test_until_that_is_no_end(self):
        for until in ("soon", "decided;60", "equivalent", "60m"):
            with self.subTest(until):
                with self.assertRaises(lab.Wrong) as caught:
                    lab.plan(read(GOOD), dict(WHERE, until=until))
                self.assertIn("until", str(caught.exception))
                self.assertIn("equivalent:PERCENT", str(caught.exception))

    def test_gate(self):
        self.assertNotIn("gate", lab.plan(read(GOOD), WHERE))
        made = lab.plan(read(
            GOOD + "gate: {canary: 40%, psi: off, repeats: 3}\n"), WHERE)
        self.assertEqual(made["gate"], "canary:40%,psi:off,repeats:3")
        self.assertIn("gate        canary:40%", lab.text(made))
        off = read(GOOD + "gate: off\n")
        self.assertEqual(lab.plan(off, WHERE)["gate"], "off")
        self.assertEqual(lab.plan(off, dict(WHERE, gate="gap:1ms"))["gate"],
                         "gap:1ms")

    def test_gate_that_is_none(self):
        for gate in ("on", "gap:2s", "gap:2ms,", "gop:1", "off,gap:2ms",
                     "gap:2ms psi:5%"):
            with self.subTest(gate):
                with self.assertRaises(lab.Wrong) as caught:
                    lab.plan(read(GOOD), dict(WHERE, gate=gate))
                self.assertIn("gate", str(caught.exception))

    def test_looks_that_could_decide_nothing(self):
        with self.assertRaises(lab.Wrong) as caught:
            lab.plan(read(GOOD), dict(WHERE, until="decided", blocks=5))
        self.assertIn("6 are needed", str(caught.exception))
        made = lab.plan(read(GOOD), dict(WHERE, until="60", blocks=5))
        self.assertEqual(made["until"], "60")

    def test_the_baseline_comes_again(self):
        made = lab.plan(read(GOOD), WHERE)
        self.assertEqual([arm["name"] for arm in made["arms"]],
                         ["a", "b", "a-again"])
        self.assertEqual(made["aa"], 2)
        self.assertEqual(made["arms"][0]["receive"],
                         made["arms"][2]["receive"])

    def test_each_block_has_each_arm_once(self):
        made = lab.plan(read(GOOD + "blocks: 20\nseed: 1\n"), WHERE)
        orders = [[trial["arm"] for trial in made["trials"]
                   if trial["block"] == block] for block in range(20)]
        for order in orders:
            self.assertEqual(sorted(order), [0, 1, 2])
        self.assertGreater(len({tuple(order) for order in orders}), 3)
        again = lab.plan(read(GOOD + "blocks: 20\nseed: 1\n"), WHERE)
        self.assertEqual(again["trials"], made["trials"])
        other = lab.plan(read(GOOD + "blocks: 20\nseed: 2\n"), WHERE)
        self.assertNotEqual(other["trials"], made["trials"])

    def test_the_order_is_the_one_of_t2t_run(self):
        # c/tests/unit/campaign_campaign_order.c holds the same.
        self.assertEqual(lab.order(4, 3, 7)["order"],
                         [[1, 2, 3, 0], [0, 3, 2, 1], [2, 0, 1, 3]])
        made = lab.plan(read(GOOD + "blocks: 3\nseed: 5\nverdict: none\n"),
                        WHERE)
        self.assertEqual([trial["arm"] for trial in made["trials"]],
                         sum(lab.order(3, 3, 5)["order"], []))

    def test_a_seed_is_drawn(self):
        what = read(GOOD)
        # As a template gives it, a text.
        seeds = {lab.plan(what, dict(WHERE, seed="0"))["seed"]
                 for _ in range(20)}
        self.assertGreater(len(seeds), 1)
        self.assertGreater(min(seeds), 0)

    def test_a_campaign_goes_on_with_its_seed(self):
        what = read(GOOD)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("plan.json", '{"seed": 41}'),
                               ("manifest.json",
                                '{"parameters": {"seed": 42}}')):
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
                made = lab.plan(what, dict(WHERE, seed="0", begun=folder))
                self.assertEqual(made["seed"], json.loads(text).get(
                    "seed", 42))

    def test_the_rule_is_the_files_unless_asked_otherwise(self):
        what = read(GOOD + "rule: {threshold_usd: 5, aggress: same}\n")
        made = lab.plan(what, dict(WHERE, threshold_usd="", aggress=""))
        self.assertEqual((made["threshold_usd"], made["aggress"]),
                         ("5", "same"))
        made = lab.plan(what, dict(WHERE, threshold_usd=100000,
                                   aggress="opposite"))
        self.assertEqual((made["threshold_usd"], made["aggress"]),
                         ("100000", "opposite"))
        with self.assertRaises(lab.Wrong) as caught:
            lab.plan(what, dict(WHERE, threshold_usd="much"))
        self.assertIn("threshold_usd", str(caught.exception))

    def test_wrong_place(self):
        with self.assertRaises(lab.Wrong) as caught:
            lab.plan(read(GOOD), dict(WHERE, place="metal"))
        self.assertIn("local, lab", str(caught.exception))

    def test_unknown_arm(self):
        with self.assertRaises(lab.Wrong) as caught:
            lab.plan(read(GOOD), dict(WHERE, only="a zz"))
        self.assertIn("'zz'", str(caught.exception))
        self.assertIn("a, b", str(caught.exception))

    def test_what_a_place_lacks_is_left_out_by_name(self):
        made = lab.plan(read(arms("{domain: {nic_model: e1000}}")), WHERE)
        self.assertEqual([arm["name"] for arm in made["arms"]],
                         ["a", "a-again"])
        self.assertFalse(made["comparable"])
        self.assertEqual(made["skipped"][0]["what"], "b")
        self.assertIn("domain.nic_model", made["skipped"][0]["reason"])

    def test_knobs_of_a_place_that_is_not_there_are_left_out_by_name(self):
        for place, where, reason in (
                ("local", "host", "no host below the trader"),
                ("metal", "host", "no host below the trader"),
                ("local", "exchange", "one machine for all"),
                ("local", "wiretap", "one machine for all")):
            what = read(arms("{%s: {machine: {thp: never}}}" % where)
                        .replace("[local, lab]", "[local, metal]"))
            made = lab.plan(what, dict(WHERE, place=place))
            self.assertEqual(made["skipped"], [
                {"what": "b", "reason":
                 f"{place} has no {where}.machine.thp: {reason}"}])

    def test_what_a_machine_lacks_is_left_out_by_name(self):
        made = lab.plan(read(GOOD), dict(WHERE, missing={"b": "no NIC"}))
        self.assertEqual(made["skipped"], [{"what": "b", "reason": "no NIC"}])

    def test_each_place_tries_its_own_knobs(self):
        made = lab.plan(read(arms(
            "{sysctl: {vm.swappiness: 1}, socket: {rcvbuf: 5000}, "
            "host: {sysctl: {vm.a: 2}}, exchange: {machine: {thp: never}}}")),
                        LAB)
        tries = lab.tries(made["arms"], SIDES)
        self.assertEqual(
            [(one["where"], one["host"],
              {arm["arm"]: [knob["name"] for knob in arm["knobs"]]
               for arm in one["arms"]}) for one in tries],
            [("trader", "t", {"b": ["vm.swappiness", "rcvbuf"]}),
             ("host", "h", {"b": ["vm.a"]}),
             ("exchange", "e", {"b": ["thp"]})])

    def test_of_a_guest_that_is_not_there_no_nic_is_given_away(self):
        for domain, tried in (("", ["driver", "gro"]),
                              (", domain: {iommu: intel}", ["gro"])):
            made = lab.plan(read(arms(
                "{nic: {driver: vfio-pci, gro: \"off\"}" + domain + "}")), LAB)
            one, = lab.tries(made["arms"], SIDES)
            self.assertEqual(sorted(knob["name"] for arm in one["arms"]
                                    for knob in arm["knobs"]), tried)

    def test_knobs_of_the_wiretap_are_for_a_machine_of_its_own(self):
        what = read(arms("{wiretap: {nic: {rx-usecs: 0}}}").replace(
            "[local, lab]", "[lab, metal]"))
        made = lab.plan(what, dict(WHERE, place="metal"))
        sides = [SIDES[0], {"where": "exchange", "host": "e"}]
        self.assertEqual(
            lab.missing_of(made["arms"], sides, [], []),
            {"b": "wiretap.nic.rx-usecs: no machine that is the wiretap's "
             "alone"})
        sides.append({"where": "wiretap", "host": "w"})
        self.assertEqual(lab.missing_of(made["arms"], sides, [], []), {})
        one, = lab.tries(made["arms"], sides)
        self.assertEqual((one["host"], one["where"]), ("w", "wiretap"))

    def test_a_socket_option_goes_with_how_it_is_read_back(self):
        made = lab.plan(read(arms(
            "{socket: {rcvbuf: 5000}, order: {sndbuf: 8192}}")), LAB)
        found = lab.tried(made["arms"][1]["knobs"])
        self.assertEqual([one.get("read_back") for one in found], [
            None, {"name": "SO_SNDBUF", "level": socket.SOL_SOCKET,
                   "option": socket.SO_SNDBUF, "doubled": True}])

    SHARED = [{"where": "trader", "host": "t"}, {"where": "host", "host": "h"},
              {"where": "exchange", "host": "h"}]

    def test_sides_that_share_a_machine_are_turned_together(self):
        made = lab.plan(read(arms(
            "{host: {sysctl: {vm.swappiness: 2}, machine: {thp: never}}, "
            "exchange: {machine: {thp: never}, nic: {gro: on}}}")), LAB)
        found = lab.turning(made, made["arms"][1], self.SHARED)
        self.assertEqual(
            [(one["host"], one["where"],
              [knob["name"] for knob in one["set"]],
              [knob["name"] for knob in one["read"]]) for one in found],
            [("h", "host, exchange", ["vm.swappiness", "thp", "gro"],
              ["vm.swappiness", "thp", "gro"])])
        baseline = lab.turning(made, made["arms"][0], self.SHARED)
        self.assertEqual([len(one["set"]) for one in baseline], [0])
        self.assertEqual([one["host"] for one in
                          lab.turning(made, made["arms"][1], SIDES)],
                         ["h", "e"])

    def test_what_sides_of_one_machine_want_otherwise_is_refused(self):
        what = read(arms("{host: {machine: {thp: never}}, "
                         "exchange: {machine: {thp: always}}}"))
        made = lab.plan(what, LAB)
        why = ("host.machine.thp=never and exchange.machine.thp=always: they "
               "are one machine's")
        self.assertEqual(lab.missing_of(made["arms"], self.SHARED, [], []),
                         {"b": why})
        self.assertEqual(lab.missing_of(made["arms"], SIDES, [], []), {})
        with self.assertRaises(lab.Wrong) as caught:
            lab.turning(made, made["arms"][1], self.SHARED)
        self.assertIn(why, str(caught.exception))

    def test_an_arm_that_moves_the_exchange_is_asked_the_same(self):
        made = lab.plan(read(arms(
            "{domain: {exchange_place: host}, host: {machine: {thp: never}}, "
            "exchange: {machine: {thp: always}}}")), LAB)
        self.assertIn("b", lab.missing_of(made["arms"], SIDES, [], []))

    def test_an_arm_that_moves_it_into_its_guest_shares_no_machine(self):
        made = lab.plan(read(arms(
            "{domain: {exchange_place: vm}, host: {machine: {thp: never}}, "
            "exchange: {machine: {thp: always}}}")), LAB)
        sides = [*SIDES[:2], {"where": "exchange", "host": "h", "guest": "e"}]
        self.assertEqual(lab.missing_of(made["arms"], sides, [], []), {})
        self.assertEqual([one["host"] for one in lab.turning(
            made, made["arms"][1], sides)], ["h", "e"])

    def test_the_programs_are_those_that_ran(self):
        def result(program, host, version):
            return {"item": {"host": host}, "provenance": {
                "version": version, "host": {"hostname": host},
                "programs": {program: {"sha256": program + host}}}}
        results = [result("t2t-trader", "t", "1"),
                   result("t2t-wiretap", "h", "2")]
        made = lab.ran_of(results, "lab")
        self.assertEqual(made["programs"]["t2t-wiretap"], {
            "sha256": "t2t-wiretaph", "version": "2", "machine": "h"})
        self.assertEqual(sorted(made["machines"]), ["h", "t"])
        self.assertNotIn("host", made)
        self.assertNotIn("lab", made)
        self.assertEqual(lab.ran_of(results, "metal")["host"],
                         {"hostname": "t"})
        made = lab.ran_of(results, "lab", {"t": {"knobs": [1]}, "x": {}},
                          {"qemu": "7"})
        self.assertEqual(made["machines"]["t"], {"hostname": "t",
                                                 "knobs": [1]})
        self.assertEqual(sorted(made["machines"]), ["h", "t", "x"])
        self.assertEqual(made["lab"], {"qemu": "7"})

    def test_what_the_user_gave_reaches_the_guests_of_an_arm(self):
        given = {"domain_vcpus": 2, "domain_nic_model": "e1000e", "x": 1}
        wanted = {"nic_model": "rtl8139", "exchange_place": "host"}
        self.assertEqual(lab.handed_down(wanted, given),
                         {"domain_vcpus": 2, "x": 1})
        self.assertEqual(lab.handed_down({}, given), given)
        self.assertEqual(
            lab.overlay(wanted, "t", ["t", "e"], given),
            {"t": {"domain_nic_model": "rtl8139", "exchange_place": "host",
                   "lab_campaign": True,
                   "lab_layer": machines.settings_name({"nic_model": "rtl8139"})},
             "e": {"domain_nic_model": "e1000e", "exchange_place": "host",
                   "lab_campaign": True}})

    def test_memory_that_guests_share_is_both_guests(self):
        shared = {"shared_memory_mib": "64"}
        found = lab.overlay({"nic_model": "rtl8139", **shared}, "t",
                            ["t", "e"], {})
        self.assertEqual(found["e"], {
            "domain_shared_memory_mib": "64", "lab_campaign": True,
            "lab_layer": machines.settings_name(shared)})
        self.assertEqual(found["t"]["domain_shared_memory_mib"], "64")
        self.assertNotEqual(found["t"]["lab_layer"], found["e"]["lab_layer"])

    def test_an_arm_goes_over_the_files_of_the_inventory(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, hosts in (
                    ("lab", {"t": {"domain_vcpus": 2}, "e": {}}),
                    ("over", lab.overlay({"vcpus": "4"}, "t", ["t", "e"],
                                         {}))):
                for file in lab.inventory(hosts):
                    path = os.path.join(folder, name, file["path"])
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    with open(path, "w", encoding="utf-8") as out:
                        json.dump(file["content"], out)
            try:
                done = subprocess.run(
                    ["ansible-inventory", "-i", folder + "/lab", "-i",
                     folder + "/over", "--host", "t"], cwd=support.ANSIBLE,
                    capture_output=True, text=True, check=True)
            except FileNotFoundError:
                self.skipTest("no ansible-inventory")
            self.assertEqual(json.loads(done.stdout)["domain_vcpus"], "4")

    def test_who_was_lost(self):
        self.assertEqual(lab.lost_of([
            {"item": "t", "ping": "pong"},
            {"item": "e", "unreachable": True, "msg": "no answer"}]), ["e"])

    def test_what_any_place_lacks_leaves_out_the_arm_by_name(self):
        what = read(arms("{host: {sysctl: {vm.a: 2}}}"))
        made = lab.plan(what, LAB)
        missing = lab.missing_of(made["arms"], SIDES, [
            {"item": {"arms": [
                {"arm": "a", "whose": {}},
                {"arm": "b", "whose": {"sysctl vm.a": "host"}}]},
             "missing": [[], [{"knob": "sysctl vm.a", "reason": "none"}]]},
            {"item": {"arms": [{"arm": "a", "whose": {}}]},
             "missing": [[]]}], [])
        self.assertEqual(missing, {"b": "host.sysctl vm.a: none"})
        self.assertEqual(lab.plan(what, dict(LAB, missing=missing))["skipped"],
                         [{"what": "b", "reason": "host.sysctl vm.a: none"}])

    def test_what_the_doctor_fails_leaves_out_the_arm(self):
        rows = [{"check": "vhost-net", "found": "absent", "wanted": "there",
                 "state": "FAIL"}]
        made = lab.plan(read(arms("{domain: {nic_driver: vhost}}")), LAB)
        self.assertEqual(
            lab.missing_of(made["arms"], SIDES, [], [
                {"item": {"arms": ["a"]}, "skipped": True},
                {"item": {"arms": ["b", "b-again"]},
                 "stdout": json.dumps(rows)}]),
            {"b": "vhost-net: absent; wanted: there",
             "b-again": "vhost-net: absent; wanted: there"})

    def test_alike_guests_have_one_inventory(self):
        arms_of = [dict(name=name, domain=domain) for name, domain in (
            ("a", {}), ("b", {"vcpus": 2}), ("a-again", {}),
            ("c", {"exchange_place": "host"}))]
        own, more, place = lab.guests(arms_of, "t", ["t", "e"], {})
        self.assertEqual([one["arms"] for one in (own, more, place)],
                         [["a", "a-again"], ["b"], ["c"]])
        self.assertEqual(len({one["name"] for one in (own, more, place)}), 3)
        layers = [next(file["content"]["lab_layer"] for file in one["files"]
                       if file["path"] == "host_vars/t.yml")
                  for one in (own, more, place)]
        # The trader's disk is the inventory's unless its settings differ.
        self.assertEqual((layers[0], layers[2]), ("", ""))
        self.assertRegex(layers[1], "^[0-9a-f]{8}$")
        self.assertEqual(lab.guests(arms_of[:1], "t", ["t"], {}), [])

    def test_knobs_of_a_machine_that_is_not_there(self):
        made = lab.plan(read(arms("{exchange: {machine: {thp: never}}}")), LAB)
        self.assertEqual(
            lab.missing_of(made["arms"], SIDES[:2], [], []),
            {"b": "exchange.machine.thp: no exchange beside the trader"})

    def test_knobs_become_arguments(self):
        made = lab.plan(read(arms(
            "{program: {receive: epoll, pace: 'rate:7'}, socket: {rcvbuf: "
            "5000, timestamps: off}, order: {tos: 16}, process: {fifo: 5, "
            "mlock: on}}")), WHERE)
        arm = made["arms"][1]
        self.assertEqual(arm["receive"], "epoll:rcvbuf=5000,timestamps=off")
        self.assertEqual(arm["trader"], ["--transport", "send:tos=16",
                                         "--fifo", "5", "--mlock"])
        self.assertEqual(arm["exchange"], ["--pace", "rate:7"])

    def test_a_channel_inside_another_has_options_of_its_own(self):
        if options.families()["channel"]["tls"] is None:
            self.skipTest("built without OpenSSL")
        read(arms('{program: {channel: "tls:early=on,inner=ws:mask=zero,'
                  'ping=1"}}'))
        for text, said in (("tls:inner=ws:msk=zero", "no such option"),
                           ("tls:inner=wss", "no channel wss"),
                           ("tls:early=on,inner=ws:mask=none", "wanted"),
                           ("tls:mask=zero,inner=ws", "no such option")):
            with self.assertRaisesRegex(lab.Wrong, said):
                read(arms('{program: {channel: "%s"}}' % text))

    def test_the_channel_is_of_both_ends(self):
        arm = lab.plan(read(arms("{program: {channel: raw}}")),
                       WHERE)["arms"][1]
        self.assertIn("--channel", arm["trader"])
        self.assertIn("--channel", arm["exchange"])

    def test_two_lines_and_recovery_are_told_to_both_ends(self):
        arm = lab.plan(read(arms(
            "{program: {second_group: '239.1.1.2:1', lose: 'A:1%,B:0.5%', "
            "swap: 0.1%, duplicate: 0.01, delay: '1%:500', recover: request, "
            "recover_ms: 50}}")), WHERE)["arms"][1]
        both = ["--group", "239.1.1.1:1,239.1.1.2:1"]
        self.assertEqual(arm["trader"], [
            "--transport", "send", *both, "--recover", "request",
            "--recover-ms", "50"])
        self.assertEqual(arm["exchange"], [
            "--pace", "rate:100", *both, "--lose", "A:1%,B:0.5%",
            "--duplicate", "0.01", "--swap", "0.1%", "--delay", "1%:500"])

    def test_a_build_is_the_arms(self):
        made = lab.plan(read(arms(
            "{program: {build: 'HEAD~1', cflags: '-O0 -g'}}")), WHERE)
        self.assertNotIn("build", made["arms"][0])
        self.assertEqual(made["arms"][1]["build"],
                         {"of": "HEAD~1", "cflags": "-O0 -g"})
        wanted = lab.builds(made)
        self.assertEqual(wanted, [
            {"of": "HEAD~1", "cflags": "-O0 -g", "arms": ["b"]}])
        self.assertEqual(
            lab.build_named(wanted[0], made),
            f"{made['name']}.yml: arms.b.program.build: 'HEAD~1' with -O0 -g")
        found = lab.build_found(
            {"item": {"item": wanted[0], "stdout": "1a2b /top/c/x/1a2b-7"},
             "stdout_lines": ["c/x/1a2b-7/programs/t2t-trader-1",
                              "c/x/1a2b-7/programs/t2t-trader-2"]}, "/top")
        here = lab.built(made, [found])["arms"]
        self.assertNotIn("layouts", here[0])
        self.assertEqual(here[1]["layouts"], [
            "/top/c/x/1a2b-7/programs/t2t-trader-1",
            "/top/c/x/1a2b-7/programs/t2t-trader-2"])
        self.assertEqual(here[1]["build"]["commit"], "1a2b")
        there = lab.built(made, [found], "/opt/t2t")["arms"]
        self.assertEqual(there[1]["layouts"][1],
                         "/opt/t2t/1a2b-7/programs/t2t-trader-2")

    def test_alike_builds_are_built_once(self):
        made = lab.plan(read(
            GOOD + "base: {program: {build: 'path:..'}}\n"), WHERE)
        self.assertEqual(len(lab.builds(made)), 1)
        self.assertEqual(lab.builds(made)[0]["arms"],
                         [arm["name"] for arm in made["arms"]])

    def test_what_is_no_build(self):
        for text, said in (
                ("build: '-x'", "arms.b.program.build: '-x': wanted: a rev"),
                ("build: 'path:'", "wanted: a revision"),
                ("cflags: '-O0'", "arms.b.program.cflags: goes with"),
                ("build: HEAD, cflags: 'O0'", "options of the compiler")):
            with self.assertRaisesRegex(lab.Wrong, said):
                read(arms("{program: {%s}}" % text))

    def test_an_arm_overrides_the_base(self):
        made = lab.plan(read(GOOD + "base: {program: {receive: epoll}}\n"),
                        WHERE)
        self.assertEqual([arm["receive"] for arm in made["arms"]],
                         ["epoll", "spin", "epoll"])

    def test_factors_are_multiplied(self):
        made = lab.plan(read(
            "question: q\nplaces: [local]\nfactors:\n"
            "  x: {one: , two: {process: {mlock: on}}}\n"
            "  y: {three: , four: {process: {fifo: 1}}}\n"), WHERE)
        self.assertEqual([arm["name"] for arm in made["arms"]],
                         ["one+three", "one+four", "two+three", "two+four",
                          "one+three-again"])

    def test_the_main_job_is_a_plan_of_one_trial(self):
        made = lab.single(dict(WHERE, receive="spin:rcvbuf=8m"))
        self.assertEqual([arm["name"] for arm in made["arms"]], ["spin"])
        self.assertEqual(made["arms"][0]["receive"], "spin:rcvbuf=8m")
        self.assertEqual(made["trials"], [
            {"number": 1, "block": 0, "arm": 0, "folder": "trials/01-spin"}])
        self.assertEqual((made["pace"], made["threshold_usd"],
                          made["aggress"]), ("rate:100", "1000000",
                                             "opposite"))
        made = lab.single(dict(WHERE, receive="spin", pace="max",
                               threshold_usd="7", aggress="same"))
        self.assertEqual((made["pace"], made["threshold_usd"],
                          made["aggress"]), ("max", "7", "same"))
        with self.assertRaises(Wrong):
            lab.single(dict(WHERE, receive="spin", threshold_usd="much"))

    def test_a_guest_restarts_when_it_changes(self):
        what = read(arms("{domain: {nic_model: e1000}}")
                    + "blocks: 4\nverdict: none\nseed: 1\n")
        tcg = dict(WHERE, place="lab", accelerator="tcg")
        changed = lab.plan(what, tcg)["seconds"]
        same = lab.plan(read(GOOD + "blocks: 4\nverdict: none\n"), tcg)["seconds"]
        self.assertGreater(changed, same + 4 * lab.RESTART_S["tcg"])

    def test_all_knobs_are_told(self):
        said = subprocess.run(
            ["python3", support.ANSIBLE + "/module_utils/experiment", "knobs"],
            capture_output=True, text=True, check=True).stdout
        for line in ("program.receive .*spin", "nic.gro +on or off",
                     "domain.vcpus +1 to 64", "machine.thp +always, madvise",
                     "socket.rcvbuf +4096 to .*; of .*spin",
                     "order.nodelay +on or off; of send", "sysctl +net.core"):
            self.assertRegex(said, line)

    def test_the_list(self):
        said = subprocess.run(
            ["python3", support.ANSIBLE + "/module_utils/experiment",
             "list", support.ANSIBLE + "/experiments"],
            capture_output=True, text=True, check=True).stdout
        self.assertGreaterEqual(len(said.splitlines()), 21)
        self.assertIn("busy-poll", said)


class Programs(unittest.TestCase):
    """What is known of them is what they say."""

    def elsewhere(self, folder, text=None):
        before = os.environ["T2T_PROGRAMS"]
        self.addCleanup(os.environ.__setitem__, "T2T_PROGRAMS", before)
        os.environ["T2T_PROGRAMS"] = folder
        if text is not None:
            pathlib.Path(folder, "options.json").write_text(
                text, encoding="utf-8")

    def test_no_build_is_said_with_what_to_do(self):
        for text in (None, "{", '{"schema": "t2t-options/0"}'):
            with tempfile.TemporaryDirectory() as folder:
                self.elsewhere(folder, text)
                with self.assertRaises(lab.Wrong) as caught:
                    read(GOOD)
                self.assertIn(folder, str(caught.exception))
                self.assertIn("make build", str(caught.exception))

    def test_what_this_build_lacks_another_may_have(self):
        with tempfile.TemporaryDirectory() as folder:
            found = json.loads(pathlib.Path(
                os.environ["T2T_PROGRAMS"], "options.json").read_text(
                    encoding="utf-8"))
            for one in found["members"]:
                if one["name"] == "xdp":
                    one["options"] = None
            self.elsewhere(folder, json.dumps(found))
            self.assertTrue(read(arms("{program: {receive: 'xdp:a=1'}}")))

    def test_every_socket_option_is_one_of_this_kernel(self):
        count = 0
        for group, (family, _) in knobs.OPTIONS.items():
            for name in lab.names(family):
                row = lab.rows(family, name)[0]
                count += "read_back" in row
                if "read_back" in row:
                    self.assertEqual(row["type"], "keep", (group, name))
        self.assertGreater(count, 10)


if __name__ == "__main__":
    unittest.main()
