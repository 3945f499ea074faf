# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_firewall.py: filters of hosts that are not ours."""

import json
import os
import shutil
import subprocess
import unittest

import lab_firewall

LAB = "t2t-lab0"
UFW = """
iptables -P INPUT DROP; iptables -P FORWARD DROP
iptables -N ufw-before-input; iptables -A INPUT -j ufw-before-input
iptables -A ufw-before-input -i lo -j ACCEPT
iptables -A ufw-before-input -m conntrack --ctstate ESTABLISHED -j ACCEPT
"""
DOCKER = """
iptables -P FORWARD DROP
iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN
iptables -A FORWARD -j DOCKER-USER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
"""


def chain(family, table, name, **more):
    return {"chain": {"family": family, "table": table, "name": name, **more}}


def rule(family, table, name, *expr):
    return {"rule": {"family": family, "table": table, "chain": name,
                     "expr": list(expr)}}


def by(link, key="iifname"):
    return {"match": {"op": "==", "left": {"meta": {"key": key}},
                      "right": link}}


def firewalld(*zones):
    """Its chains as far as they matter; a zone lets its links pass."""
    own, name = ("inet", "firewalld"), "filter_FORWARD"
    return [
        chain(*own, name, hook="forward", prio=10, policy="accept"),
        chain(*own, name + "_ZONES"), chain(*own, "filter_FWD_trusted"),
        rule(*own, name, {"match": {"op": "in", "left": {"ct": {
            "key": "state"}}, "right": "established"}}, {"accept": None}),
        rule(*own, name, {"jump": {"target": name + "_ZONES"}}),
        rule(*own, name, {"reject": {"type": "icmpx"}}),
        *[rule(*own, name + "_ZONES", by(link),
               {"goto": {"target": "filter_FWD_trusted"}}) for link in zones],
        rule(*own, "filter_FWD_trusted", {"accept": None})]


class Nft(unittest.TestCase):
    """As nft tells them."""

    def dropped(self, chains, calls="1", hook="forward"):
        said = {"nft": json.dumps({"nftables": [{"metainfo": {}}, *chains]}),
                "cat": calls}
        return lab_firewall.found(lambda *command: said.get(command[0], ""),
                                  [LAB])[LAB][hook]

    def test_a_policy(self):
        drop = [chain("inet", "f", "forward", hook="forward", policy="drop")]
        self.assertEqual(self.dropped(drop), ["nft inet f forward"])
        # Bridges don't ask it.
        self.assertEqual(self.dropped(drop, "0"), [])
        self.assertEqual(self.dropped(drop, "", hook="input"), [])

    def test_bridges_always_ask_their_own(self):
        drop = [chain("bridge", "f", "x", hook="forward", policy="drop")]
        self.assertEqual(self.dropped(drop, ""), ["nft bridge f x"])
        drop.append(rule("bridge", "f", "x", by(LAB, "ibrname"),
                         {"counter": {}}, {"accept": None}))
        self.assertEqual(self.dropped(drop, ""), [])

    def test_firewalld_rejects_without_a_policy(self):
        self.assertEqual(self.dropped(firewalld("docker0")),
                         ["nft inet firewalld filter_FORWARD"])
        self.assertEqual(self.dropped(firewalld(LAB)), [])

    def test_the_first_rule_that_fits(self):
        name = ("inet", "f", "x")
        rules = [chain(*name, hook="input", policy="accept"),
                 rule(*name, by({"set": ["lo", LAB]}), {"drop": None}),
                 rule(*name, by(LAB), {"drop": None}),
                 rule(*name, {"accept": None})]
        self.assertEqual(self.dropped(rules, hook="input"), ["nft inet f x"])
        self.assertEqual(self.dropped(rules[:1] + rules[3:] + rules[1:3],
                                      hook="input"), [])

    def test_chains_that_go_round(self):
        name = ("inet", "f", "x")
        self.assertEqual(self.dropped([
            chain(*name, hook="forward", policy="accept"),
            rule(*name, {"jump": {"target": "x"}})]), [])


@unittest.skipIf(os.getuid() or not shutil.which("iptables-save"),
                 "wants root and iptables, for a network namespace")
class Iptables(unittest.TestCase):
    """Real ones, in a network namespace of its own."""

    def dropped(self, script, hook):
        saved = subprocess.run(
            ["unshare", "--net", "sh", "-e", "-c",
             script + "\niptables-save -t filter"],
            check=True, capture_output=True, text=True).stdout
        said = {"iptables-save": saved, "cat": "1"}
        return lab_firewall.found(lambda *command: said.get(command[0], ""),
                                  [LAB])[LAB][hook]

    def test_ufw(self):
        self.assertEqual(self.dropped(UFW, "input"), ["iptables INPUT"])
        self.assertEqual(self.dropped(UFW, "forward"), ["iptables FORWARD"])
        self.assertEqual(self.dropped(
            UFW + f"iptables -I INPUT -i {LAB} -j ACCEPT", "input"), [])

    def test_docker(self):
        self.assertEqual(self.dropped(DOCKER, "forward"),
                         ["iptables FORWARD"])
        for chain_of in ("FORWARD", "DOCKER-USER"):
            self.assertEqual(self.dropped(
                DOCKER + f"iptables -I {chain_of} -i {LAB} -o {LAB} -m "
                "comment --comment 'the lab' -j ACCEPT", "forward"), [])

    def test_nobody(self):
        for hook in ("input", "forward"):
            self.assertEqual(self.dropped("iptables -L", hook), [])
