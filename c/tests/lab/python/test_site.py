# SPDX-License-Identifier: MIT
"""ansible/module_utils/experiment/site.py: how a plan's machines are reached,
what runs on which, and what is turned there."""

import json
import os
import subprocess
import tempfile
import unittest

import support  # noqa: F401  pylint: disable=unused-import

from experiment import machines, site

KNOB = {"where": "trader", "kind": "sysctl", "name": "net.core.busy_read",
        "value": "50"}
SIDES = [{"where": "trader", "host": "trader"},
         {"where": "host", "host": "hypervisor"},
         {"where": "exchange", "host": "exchange", "guest": "exchange"}]
WHERE = {"trader": "trader", "exchange": "exchange", "wiretap": "hypervisor",
         "hypervisor": "hypervisor", "interface": "tap", "fifo": "1", "stamps": "auto", "group": "239.1.1.1:1",
         "port": 9012, "feed": "/here/f.gz", "settle_ms": 500, "rate": 500,
         "timeout_s": "3600",
         "ssh_args": "-o ServerAliveInterval=30", "utilities": "/u",
         "defaults": {"programs": "/opt/t2t", "scratch": "/run/x",
                      "knobs": "/run/k.json"},
         "playbook": ["ansible-playbook", "-i", "inv"], "folder": "/plays",
         "lab_folder": "/lab", "overlay": "/lab/overlay",
         "asked_for": "/beside/guests-", "readback": "/lab/readback.json"}


def guest(address, number):
    return {"ansible_host": f"10.77.1.1{number}", "ansible_user": "lab",
            "ansible_ssh_private_key_file": "/lab/key",
            "ansible_ssh_common_args": "-F /dev/null -o  LogLevel=ERROR\n",
            "ansible_python_interpreter": "/usr/bin/python3",
            "experiment_interface": "lab0", "experiment_address": address}


VARIABLES = {
    "trader": guest("10.77.0.2", 2), "exchange": guest("10.77.0.1", 1),
    "hypervisor": {
        "ansible_connection": "local", "experiment_interface": "br",
        "experiment_address": "10.77.0.254", "experiment_cpus": "0,2-3",
        "experiment_programs": "/c/build", "experiment_knobs": "/lab/k.json",
        "experiment_scratch": "/lab/experiment"}}


def arm(name, knobs=(), **domain):
    return {"name": name, "knobs": list(knobs), "domain": domain}


def made(*arms, uid=0, asked=False, variables=None, **where):
    plan = {"name": "x", "arms": list(arms) or [arm("a")]}
    where = dict(WHERE, **where)
    sides = [*SIDES[:2], dict(SIDES[2], host=where["exchange"])]
    return site.with_site(plan, where, variables or VARIABLES, sides,
                          {"programs": {}}, uid=uid, asked=asked,
                          given={"x": 1})["site"]


def machine(found, name):
    return next(one for one in found["machines"] if one["name"] == name)


class Reached(unittest.TestCase):
    """Machines, and the words that make an agent there."""

    def test_a_guest_is_reached_by_ssh_as_ansible_does(self):
        self.assertEqual(machine(made(), "trader")["connect"], [
            *site.SSH, "-o", "ServerAliveInterval=30", "-F", "/dev/null", "-o",
            "LogLevel=ERROR", "-i", "/lab/key", "-l", "lab", "--",
            "10.77.1.12", "sudo -n /opt/t2t/t2t-agent --folder /run/x"])

    def test_root_needs_no_sudo(self):
        agent = ["/c/build/t2t-agent", "--folder", "/lab/experiment"]
        self.assertEqual(machine(made(), "hypervisor")["connect"], agent)
        self.assertEqual(machine(made(uid=7), "hypervisor")["connect"],
                         ["sudo", "-n", *agent])
        variables = dict(VARIABLES, trader=dict(VARIABLES["trader"],
                                                ansible_user="root"))
        self.assertEqual(machine(made(variables=variables), "trader")
                         ["connect"][-1], "/opt/t2t/t2t-agent --folder /run/x")

    def test_a_password_is_read_where_there_is_one(self):
        found = made(uid=7, asked=True)
        self.assertTrue(all(one["password"] for one in found["machines"]))
        self.assertFalse(machine(made(asked=True), "hypervisor")["password"])
        variables = dict(VARIABLES, trader=dict(
            VARIABLES["trader"], ansible_become_password="open sesame"))
        found = made(variables=variables)
        self.assertTrue(machine(found, "trader")["password"])
        self.assertFalse(machine(found, "exchange")["password"])
        self.assertNotIn("sesame", json.dumps(found))
        self.assertEqual(site.passwords(["trader", "exchange"], variables),
                         {"trader": "open sesame"})

    def test_a_sudo_that_may_ask(self):
        trader = VARIABLES["trader"]
        self.assertFalse(site.asks(trader, False))
        self.assertTrue(site.asks(trader, True))
        own = {"ansible_become_password": "open sesame"}
        self.assertTrue(site.asks(dict(trader, **own), False))
        self.assertFalse(site.asks(dict(trader, **own, ansible_user="root"),
                                   True))

    def test_a_connection_of_the_inventory_s_own(self):
        variables = dict(VARIABLES, trader=dict(
            VARIABLES["trader"], experiment_connect=["ip", "netns", "exec",
                                                     "t"]))
        self.assertEqual(
            machine(made(variables=variables), "trader")["connect"],
            ["ip", "netns", "exec", "t", "/opt/t2t/t2t-agent", "--folder",
             "/run/x"])

    def test_who_may_be_the_exchange_has_the_feed(self):
        feed = ["/here/f.gz", "feed.csv.gz"]
        found = made()
        self.assertEqual(machine(found, "exchange")["bring"][-2:], feed)
        self.assertNotIn("/here/f.gz", machine(found, "trader")["bring"])
        self.assertIn("/u/lab_knob.py", machine(found, "trader")["bring"])
        found = made(arm("a"), arm("b", exchange_place="host"))
        self.assertEqual(machine(found, "hypervisor")["bring"][-2:], feed)

    def test_sudo_reads_the_password_and_the_rest_is_the_agent_s(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sudo")
            with open(path, "w", encoding="ascii") as file:
                file.write('#!/bin/sh\ncase $1 in\n'
                           '-n) shift; [ "$1" != true ] || exit 1; exec "$@";;'
                           '\n-S) read -r said; echo "$said" >"$SAID";;\n'
                           'esac\n')
            os.chmod(path, 0o755)
            said = os.path.join(folder, "said")
            done = subprocess.run(
                [*site.SUDO, "cat"], input="open  sesame\\\nhello\n",
                capture_output=True, text=True, check=True,
                env={"PATH": folder + ":" + os.environ["PATH"], "SAID": said})
            self.assertEqual(done.stdout, "hello\n")
            with open(said, encoding="ascii") as file:
                self.assertEqual(file.read(), "open  sesame\\\n")


class Placed(unittest.TestCase):
    """Programs, knobs and guests."""

    def test_seats(self):
        seats = made()["seats"]
        self.assertEqual(seats["exchange"], {
            "machine": "exchange", "programs": "/opt/t2t", "interface": "lab0",
            "cpus": "", "listen": "10.77.0.1:9012",
            "feed": "/run/x/feed.csv.gz", "more": ["--settle-ms", "500"]})
        self.assertEqual(seats["wiretap"], {
            "machine": "hypervisor", "programs": "/c/build",
            "interface": "tap", "cpus": "0,2-3",
            "more": ["--stamps", "auto", "--fifo", "1"]})
        self.assertEqual(made(fifo=0, stamps="kernel")["seats"]["wiretap"][
            "more"], ["--stamps", "kernel"])

    def test_a_wiretap_of_its_own_takes_what_is_for_others(self):
        variables = dict(VARIABLES, third=guest("", 3))
        for host, wanted in (("third", True), ("exchange", False),
                             ("trader", False), ("hypervisor", False)):
            found = made(wiretap=host, variables=variables)["seats"]["wiretap"]
            self.assertEqual("--promiscuous" in found["more"], wanted, host)

    def test_knobs_of_a_wiretap_are_turned_on_the_interface_it_captures(self):
        variables = dict(VARIABLES, third=guest("", 3))
        plan = {"name": "x", "arms": [arm("a", [dict(KNOB, where="wiretap")])]}
        found = site.with_site(
            plan, dict(WHERE, wiretap="third", interface="mirror0"), variables,
            [*SIDES, {"where": "wiretap", "host": "third"}], uid=0,
            asked=False, given={})["site"]
        turn, = found["arms"][0]["turns"]
        self.assertEqual((turn["machine"], turn["where"]),
                         ("third", "wiretap"))
        for command in (turn["turn"], turn["restore"]):
            self.assertEqual(
                command[command.index("--interface") + 1], "mirror0")

    def test_an_arm_that_moves_the_exchange_has_seats_of_its_own(self):
        here, there = made(arm("a"), arm("b", exchange_place="host"))["arms"]
        self.assertNotIn("seats", here)
        self.assertEqual(there["seats"]["exchange"]["listen"],
                         "10.77.0.254:9012")
        self.assertEqual(there["seats"]["exchange"]["feed"],
                         "/lab/experiment/feed.csv.gz")
        back, = made(arm("a", exchange_place="vm"),
                     exchange="hypervisor")["arms"]
        self.assertEqual(back["seats"]["exchange"]["machine"], "exchange")

    def test_an_arm_whose_guests_share_memory_has_seats_that_say_so(self):
        variables = {host: dict(found, experiment_region=f"region of {host}")
                     for host, found in VARIABLES.items()}
        plain, shared = made(arm("a"), arm("b", shared_memory_mib="64"),
                             variables=variables)["arms"]
        self.assertNotIn("seats", plain)
        for role, host in (("exchange", "exchange"), ("trader", "trader"),
                           ("wiretap", "hypervisor")):
            seat = shared["seats"][role]
            self.assertEqual(seat["region"], f"region of {host}")
            self.assertEqual(seat["address"], variables[host].get(
                "experiment_address", ""))
        variables["trader"]["domain_shared_memory_mib"] = 64
        self.assertEqual(made(variables=variables)["seats"]["trader"][
            "region"], "region of trader")

    def test_knobs_of_the_exchange_are_turned_where_it_runs(self):
        knob = dict(KNOB, where="exchange")
        for inventory in ("exchange", "hypervisor"):
            plain, guest, host = made(
                arm("a", [knob]), arm("b", [knob], exchange_place="vm"),
                arm("c", [knob], exchange_place="host"),
                exchange=inventory)["arms"]
            for one, machine in ((plain, inventory), (guest, "exchange"),
                                 (host, "hypervisor")):
                self.assertEqual([turn["machine"] for turn in one["turns"]
                                  if "exchange" in turn["where"]], [machine])

    def test_each_trial_reads_what_any_turns(self):
        plain, turned = made(arm("a"), arm("b", [KNOB]))["arms"]
        for one, wanted in ((plain, []), (turned, ["50"])):
            turn, = one["turns"]
            self.assertEqual((turn["machine"], turn["where"]),
                             ("trader", "trader"))
            self.assertEqual(
                machine(made(arm("a")), "trader")["standby"],
                turn["turn"][:3])
            self.assertEqual(turn["turn"][:6], [
                "/usr/bin/python3", "-S", "/run/x/lab_knob.py", "apply",
                "--record", "/run/k.json"])
            knobs = json.loads(turn["turn"][-1])
            self.assertEqual([knob["value"] for knob in knobs["set"]], wanted)
            self.assertEqual([knob["name"] for knob in knobs["read"]],
                             [KNOB["name"]])
            self.assertEqual(turn["restore"][3], "restore")
            self.assertEqual(json.loads(turn["restore"][-1]),
                             {"set": [], "read": knobs["read"]})

    def test_guests_are_started_by_the_lab_s_own_verb(self):
        found = made(arm("a"), arm("b", nic_model="igb"))
        for command, overlay in ((found["arms"][0]["guests"],
                                  ["-i", "/lab/overlay"]),
                                 (found["arms"][1]["guests"],
                                  ["-i", "/lab/overlay"]),
                                 (found["guests"]["back"], [])):
            words = command[command.index("ansible-playbook"):]
            self.assertEqual(words, [
                "ansible-playbook", "-i", "inv", *overlay, "up.yml", "-e",
                '{"x": 1}', "-e", "readback_file=/lab/readback.json"])
        self.assertIn("/beside/guests-inventory", found["arms"][0]["guests"])
        self.assertNotIn("guests", made(arm("a"))["arms"][0])
        self.assertNotIn("guests", made(hypervisor=""))
        self.assertEqual(found["timeout_s"], 3600)

    def test_their_overlay_is_there_while_they_run(self):
        with tempfile.TemporaryDirectory() as folder:
            own = f"{folder}/guests-{machines.settings_name({'nic_model': 'igb'})}"
            os.mkdir(own)
            for number in "12":
                with open(f"{own}/{number}", "w", encoding="ascii"):
                    pass
                where = dict(overlay=f"{folder}/overlay", folder=folder,
                             asked_for=f"{folder}/guests-",
                             playbook=["ls", f"{folder}/overlay", "--"])
                found = made(arm("b", nic_model="igb"), **where)
                # The words that follow are no files, and not our matter.
                subprocess.run(found["arms"][0]["guests"],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
            self.assertEqual(sorted(os.listdir(f"{folder}/overlay")),
                             ["1", "2"])
            back = found["guests"]["back"]
            self.assertNotEqual(subprocess.run(
                [*back[:6], "false"], check=False).returncode, 0)
            self.assertTrue(os.path.exists(f"{folder}/overlay"))
            subprocess.run([*back[:6], "true"], check=True)
            self.assertFalse(os.path.exists(f"{folder}/overlay"))

    def test_the_bias_is_turned_at_the_trader(self):
        bias = made()["bias"]
        self.assertEqual(bias["machine"], "trader")
        self.assertEqual(bias["turn"][-4:], ["lab0", "239.1.1.1:1", "/run/x",
                                             "present"])
        self.assertEqual(bias["restore"][-1], "absent")
        self.assertEqual((bias["frames"], bias["rate"]), ("1000", "500"))

    def test_in_namespaces_the_trader_s_are_turned(self):
        plan = {"arms": [arm("a"), arm("b", [KNOB])]}
        tool = {"python": "py", "knob": "k.py", "record": "r"}
        first, second = site.with_commands(plan, tool)["site"]["arms"]
        turn, = first["turns"]
        self.assertEqual(json.loads(turn["turn"][-1])["set"], [])
        self.assertEqual(json.loads(turn["turn"][-1])["read"],
                         [{"kind": "sysctl", "name": KNOB["name"]}])
        self.assertEqual(turn["restore"][:4],
                         ["py", "k.py", "restore", "--namespace"])
        turn, = second["turns"]
        self.assertEqual(json.loads(turn["turn"][-1])["set"][0]["value"], "50")
        self.assertNotIn("site", site.with_commands(
            {"arms": [arm("a")]}, tool))


if __name__ == "__main__":
    unittest.main()
