# SPDX-License-Identifier: MIT
"""A plan as t2t-run takes it (c/campaign/campaign_plan.h): the commands that
turn knobs, and for machines how each is reached, what runs on it, and the
commands that start guests as an arm has them."""

import json
import os
import shlex

from .machines import beside, by_machine, change_guests, folder, handed_down, \
    reads, turned, turning

# Of this folder's parent: what turns knobs on a machine, and its helpers.
KNOBS = "lab_knob.py"
LOOP_BACK = "lab_loop_back.py"
BROUGHT = (KNOBS, "lab_knob_kinds.py", "lab_nic_driver.py",
           "lab_nic_state.py", "lab_record.py", "lab_sysctl.py",
           "lab_value.py", LOOP_BACK)
FEED = "feed.csv.gz"
# A password comes as the first line. sudo remembers it for those whom the same
# shell starts; where it wants none, nobody is asked.
SUDO = ["sh", "-c", 'IFS= read -r password || exit; sudo -n true 2>/dev/null '
        '|| printf "%s\\n" "$password" | sudo -S -p "" -v || exit; '
        'sudo -n "$@"', "sh"]
# Before whatever else is said of a connection, of two options ssh takes the
# first: it is ours alone, and asks nobody anything.
SSH = ["ssh", "-T", "-o", "ControlPath=none", "-o", "ControlMaster=no",
       "-o", "BatchMode=yes"]
# $1 is the overlay, $2 what goes into it, $3 where the verb is called.
UP = 'set -e; mkdir -p "$1"; cp -rT "$2" "$1"; cd "$3"; shift 3; exec "$@"'
BACK = 'set -e; overlay=$1; cd "$2"; shift 2; "$@"; rm -rf "$overlay"'


def password_of(variables):
    return variables.get("ansible_become_password",
                         variables.get("ansible_become_pass"))


def passwords(hosts, variables):
    """Of those hosts that have one of their own, by name."""
    found = {host: password_of(variables[host]) for host in hosts}
    return {host: str(one) for host, one in found.items() if one is not None}


def password_asked():
    """By --ask-become-pass."""
    # pylint: disable=import-outside-toplevel
    from ansible import context
    return bool(context.CLIARGS.get("become_ask_pass"))


def is_here(variables):
    """Is it this machine?"""
    return variables.get("ansible_connection", "ssh") in ("here", "local")


def as_root(variables, asked, uid):
    """Words before a command that becomes root's, and whether they read a
    password. asked: one was asked for."""
    if uid == 0 if is_here(variables) else variables.get("ansible_user") == "root":
        return [], False
    if asked or password_of(variables) is not None:
        return SUDO, True
    return ["sudo", "-n"], False


def asks(variables, asked=None):
    """May sudo want a password of us there? asked: one was asked for."""
    return as_root(variables, password_asked() if asked is None else asked,
                   os.geteuid())[1]


def reached(host, variables, ssh_args):
    """Words before a command that runs on the host."""
    own = variables.get("experiment_connect")
    if own:
        return list(own), False
    if is_here(variables):
        return [], False
    words = SSH + shlex.split(ssh_args)
    for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        words += shlex.split(variables.get(name) or "")
    for option, name in (("-i", "ansible_ssh_private_key_file"),
                         ("-p", "ansible_port"), ("-l", "ansible_user")):
        if variables.get(name):
            words += [option, str(variables.get(name))]
    return [*words, "--", variables.get("ansible_host") or host], True


class Site:
    """where: trader, exchange, wiretap (hosts), hypervisor (a host, or ""),
    interface of the wiretap, fifo, stamps, group, port, feed, settle_ms, rate (of
    frames), timeout_s, ssh_args, defaults (programs, scratch, knobs),
    utilities (their folder), and of guests: playbook (words), folder (of
    playbooks), lab_folder, overlay, asked_for (the folder of arms'
    inventories, and the start of their names), readback. variables: of each
    host, as the inventory has them."""

    def __init__(self, where, variables, uid=None, asked=None):
        self.where, self.variables = where, variables
        self.uid = os.geteuid() if uid is None else uid
        self.asked = password_asked() if asked is None else asked

    def of(self, host, name, default=""):
        value = self.variables[host].get(name)
        return default if value is None else value

    def scratch(self, host):
        return self.of(host, "experiment_scratch",
                       self.where["defaults"]["scratch"])

    def programs(self, host):
        return self.of(host, "experiment_programs",
                       self.where["defaults"]["programs"])

    def python(self, host):
        return self.of(host, "ansible_python_interpreter", "python3")

    def machine(self, host, is_exchange):
        prefix, remote = reached(host, self.variables[host],
                                 self.where["ssh_args"])
        root, password = as_root(self.variables[host], self.asked,
                                 self.uid) if not prefix or remote \
            else ([], False)
        agent = [*root, self.programs(host) + "/t2t-agent", "--folder",
                 self.scratch(host)]
        bring = [word for name in BROUGHT for word in (
            os.path.join(self.where["utilities"], name), name)]
        if is_exchange:
            bring += [self.where["feed"], FEED]
        return {"name": host, "folder": self.scratch(host),
                "connect": prefix + ([shlex.join(agent)] if remote
                                     else agent),
                "standby": self.knob_words(host), "password": password,
                "bring": bring}

    def exchange(self, arm, sides):
        """Its host, while the arm runs; the trader's is no side of its own."""
        return next((side["host"] for side in beside(arm, sides)
                     if side["where"] == "exchange"), self.where["exchange"])

    def region(self, arm, host):
        """What the host calls the memory that the arm's guests share; "" of
        none."""
        shared = arm["domain"].get("shared_memory_mib", self.of(
            self.where["trader"], "domain_shared_memory_mib", 0))
        return self.of(host, "experiment_region") if int(shared) else ""

    def seats(self, exchange, arm):
        found = {}
        for role, host in (("exchange", exchange),
                           ("wiretap", self.where["wiretap"]),
                           ("trader", self.where["trader"])):
            found[role] = {
                "machine": host, "programs": self.programs(host),
                "interface": self.of(host, "experiment_interface"),
                "cpus": str(self.of(host, "experiment_cpus"))}
            if self.region(arm, host):
                found[role].update(
                    region=self.region(arm, host),
                    address=self.of(host, "experiment_address"))
        address = self.of(exchange, "experiment_address")
        found["exchange"].update(
            listen=f"{address}:{self.where['port']}",
            feed=f"{self.scratch(exchange)}/{FEED}",
            # A join ends before the NIC lets the group through: virtio's
            # filter is set by a work queue (virtnet_rx_mode_work).
            more=["--settle-ms", str(self.where["settle_ms"])])
        found["wiretap"]["interface"] = self.where["interface"]
        more = ["--stamps", self.where["stamps"]]
        if int(self.where["fifo"]) > 0:
            more += ["--fifo", str(self.where["fifo"])]
        # A mirror port's frames are for others.
        if self.where["wiretap"] not in (
                exchange, self.where["trader"], self.where["hypervisor"]):
            more += ["--promiscuous"]
        found["wiretap"]["more"] = more
        return found

    def knob_words(self, host):
        # -S: they need no more than Python's own.
        return [self.python(host), "-S", f"{self.scratch(host)}/{KNOBS}"]

    def interface(self, side):
        return self.where["interface"] if side["where"] == "wiretap" \
            else self.of(side["host"], "experiment_interface")

    def knob_command(self, side, verb, knobs):
        host = side["host"]
        return [*self.knob_words(host), verb, "--record",
                self.of(host, "experiment_knobs",
                        self.where["defaults"]["knobs"]),
                "--interface", self.interface(side),
                "--knobs", json.dumps(knobs)]

    def turns(self, made, arm, sides):
        return [{"machine": one["host"], "where": one["where"],
                 "turn": self.knob_command(one, "apply", {
                     "set": one["set"], "read": one["read"]}),
                 "restore": self.knob_command(one, "restore", {
                     "set": [], "read": one["read"]})}
                for one in turning(made, arm, sides)]

    def bias(self):
        host = self.where["trader"]
        command = [self.python(host), "-S", f"{self.scratch(host)}/{LOOP_BACK}",
                   self.of(host, "experiment_interface"),
                   self.where["group"], self.scratch(host)]
        return {"machine": host, "turn": [*command, "present"],
                "restore": [*command, "absent"], "frames": "1000",
                "rate": str(self.where["rate"])}

    def up(self, more):
        return ["env", f"LAB_FOLDER={self.where['lab_folder']}",
                *self.where["playbook"], *more, "-e",
                f"readback_file={self.where['readback']}"]

    def guests(self, arm, given=None):
        """The command that starts them as the arm has them."""
        handed = json.dumps(handed_down(arm["domain"], given))
        return ["sh", "-c", UP, "sh", self.where["overlay"],
                self.where["asked_for"] + folder(arm),
                self.where["folder"],
                *self.up(["-i", self.where["overlay"], "up.yml", "-e",
                          handed])]

    def guests_back(self, given=None):
        handed = json.dumps(handed_down({}, given))
        return ["sh", "-c", BACK, "sh", self.where["overlay"],
                self.where["folder"], *self.up(["up.yml", "-e", handed])]


# pylint: disable-next=too-many-arguments
def with_site(made, where, variables, sides, ran=None, *, uid=None,
              asked=None, given=None):
    """For machines. sides: as in machines.py; ran: for the manifest. The rest
    is for tests: who we are, whether a password was asked for, and what the
    user gave by --extra-vars."""
    site = Site(where, variables, uid, asked)
    arms, exchanges = [], {where["exchange"]}
    seats = site.seats(where["exchange"], {"domain": {}})
    for arm in made["arms"]:
        exchange = site.exchange(arm, sides)
        exchanges.add(exchange)
        more = {"turns": site.turns(made, arm, sides)}
        own = site.seats(exchange, arm)
        if own != seats:
            more["seats"] = own
        if change_guests(made["arms"]):
            more["guests"] = site.guests(arm, given)
        arms.append(more)
    hosts = dict.fromkeys([where["trader"], *sorted(exchanges),
                           where["wiretap"], *filter(None, [
                               where["hypervisor"]]), *by_machine(sides)])
    found = {"arms": arms, "seats": seats,
             "bias": site.bias(), "ran": ran or {},
             "timeout_s": int(where["timeout_s"]),
             "machines": [site.machine(host, host in exchanges)
                          for host in hosts]}
    if where["hypervisor"]:
        found["guests"] = {"machine": where["hypervisor"],
                           "back": site.guests_back(given),
                           "found": where["readback"]}
    return dict(made, site=found)


def with_commands(made, programs):
    """For a place of namespaces. programs: python, knob (the program) and
    record."""
    read = reads(made, "trader")
    if not read:
        return made
    tool = [programs["python"], programs["knob"]]
    common = ["--namespace", "--record", programs["record"], "--knobs"]
    return dict(made, site={"arms": [{"turns": [{
        "machine": "trader", "where": "trader",
        "turn": [*tool, "apply", *common, json.dumps(
            {"set": turned(arm["knobs"]), "read": read})],
        "restore": [*tool, "restore", *common, json.dumps(
            {"set": [], "read": read})]}]} for arm in made["arms"]]})
