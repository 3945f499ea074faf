# SPDX-License-Identifier: MIT
"""ansible/module_utils/lab_routes.py: of real tables, in a network namespace
of its own."""

import ipaddress
import json
import os
import subprocess
import unittest

import lab_routes

SHOW = """
ip link set lo up
for link in eth0 wg0 t2t-lab0; do
	ip link add $link type bridge && ip link set $link up || exit
done
ip address add 192.0.2.2/24 dev eth0
"""
# {table: routes} and the rules, each as ip(8) has it.
TELL = """
exec 2>/dev/null
ip -json -4 rule | tr -d '\\n'; echo
for table in main 52 51820; do
	echo "$table $(ip -json -4 route show table $table | tr -d '\\n')"
done
"""


@unittest.skipIf(os.getuid(), "wants root, for a network namespace")
class Routes(unittest.TestCase):
    """Of hosts that have others than the lab's."""

    def way(self, script, subnet="10.77.0.0/24"):
        out = subprocess.run(
            ["unshare", "--net", "sh", "-e", "-c", SHOW + script + TELL],
            check=True, capture_output=True, text=True).stdout
        rules, *rows = out.strip().split("\n")
        tables = dict(row.partition(" ")[::2] for row in rows)

        def ask(*arguments):
            return json.loads(rules if arguments == ("rule",) else
                              tables[(*arguments, "main")[-1 if
                                     len(arguments) == 1 else 3]] or "[]")
        return lab_routes.in_the_way(lab_routes.found(ask),
                                     ipaddress.ip_network(subnet), "t2t-lab0")

    def test_nobody(self):
        self.assertEqual(self.way("ip route add default via 192.0.2.1"), [])

    def test_a_vpn_that_takes_all_by_two_halves(self):
        self.assertEqual(self.way(
            "ip route add 0.0.0.0/1 dev wg0; ip route add 128.0.0.0/1 via "
            "192.0.2.9; ip route add 10.0.0.0/8 dev wg0"), [])

    def test_a_network_that_the_host_is_in(self):
        self.assertEqual(self.way("ip address add 10.77.9.9/16 dev wg0"),
                         ["10.77.0.0/16 of wg0"])

    def test_a_route_as_long_or_longer(self):
        self.assertEqual(
            self.way("ip route add 10.77.0.0/24 via 192.0.2.9\n"
                     "ip route add 10.77.0.11 via 192.0.2.9\n"
                     "ip route add blackhole 10.77.0.64/26"),
            ["10.77.0.0/24 of eth0", "10.77.0.11/32 of eth0",
             "10.77.0.64/26"])

    def test_the_labs_own(self):
        self.assertEqual(
            self.way("ip address add 10.77.0.254/24 dev t2t-lab0"), [])

    def test_a_table_that_is_asked_first(self):
        self.assertEqual(
            self.way("ip rule add pref 5270 lookup 52\n"
                     "ip route add 10.0.0.0/8 dev wg0 table 52"),
            ["10.0.0.0/8 of wg0 in table 52"])
        self.assertEqual(
            self.way("ip rule add pref 100 not fwmark 1 lookup 52\n"
                     "ip route add default dev wg0 table 52"),
            ["0.0.0.0/0 of wg0 in table 52"])

    def test_a_table_that_is_asked_for_others(self):
        for rule in ("fwmark 1 lookup 52", "from 10.9.0.0/16 lookup 52",
                     "iif wg0 lookup 52", "to 10.99.0.0/16 lookup 52"):
            self.assertEqual(
                self.way(f"ip rule add pref 100 {rule}\n"
                         "ip route add default dev wg0 table 52"), [], rule)

    def test_a_route_that_sends_the_question_on(self):
        self.assertEqual(
            self.way("ip rule add pref 100 lookup 52\n"
                     "ip route add throw 10.0.0.0/8 table 52"), [])

    def test_a_vpn_that_leaves_what_is_longer_to_the_main_table(self):
        """As wg-quick(8) has it."""
        self.assertEqual(
            self.way("ip rule add not fwmark 51820 table 51820\n"
                     "ip rule add table main suppress_prefixlength 0\n"
                     "ip route add default dev wg0 table 51820"), [])

    def test_a_vpn_that_leaves_nothing_to_it(self):
        self.assertEqual(
            self.way("ip rule add not fwmark 51820 table 51820\n"
                     "ip rule add table main suppress_prefixlength 31\n"
                     "ip route add default dev wg0 table 51820"),
            ["0.0.0.0/0 of wg0 in table 51820"])
