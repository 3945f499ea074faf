# SPDX-License-Identifier: MIT
"""Which of the host's routes would keep it from a subnet of the lab.

The longest prefix wins, and the lab's are /24: a shorter one, as VPNs have
(0.0.0.0/1), takes nothing from it. What does: a prefix as long or longer; a
network that the host itself is in, whose hosts the lab's would hide; and all
that a rule asks before the main table.
"""

import ipaddress

# Rules that hold for some packets alone, none of which are the lab's.
SOME = ("fwmark", "iif", "oif", "uid_start", "ipproto", "sport", "dport",
        "tos", "l3mdev", "tun_id")


def whole(to, length=None):
    """As ip(8) has it, in full."""
    if to in ("default", "all"):
        return "0.0.0.0/0"
    return to if "/" in to else f"{to}/{32 if length is None else length}"


def before_main(rules):
    """(table, destinations) of rules that are asked before the main table, for
    whatever the host sends."""
    for rule in sorted(rules, key=lambda one: one["priority"]):
        table = str(rule.get("table", ""))
        some = [key for key in SOME if key in rule] or rule["src"] != "all"
        # All but some packets of a VPN's own: the lab's are among them.
        if "not" in rule:
            some = not some
        if some or table in ("", "local"):
            continue
        if table == "main":
            # Also where it leaves out the default: the lab's is longer.
            if rule.get("suppress_prefixlen", 0) < 24:
                return
            continue
        yield table, whole(rule.get("dst", "all"), rule.get("dstlen"))


def found(ask):
    """ask(arguments of ip -4): what it prints, as a list."""
    routes = [dict(route, by="", within="0.0.0.0/0") for route in
              ask("route")]
    for table, within in before_main(ask("rule")):
        routes += [dict(route, by=table, within=within)
                   for route in ask("route", "show", "table", table)]
    return [{"to": whole(route["dst"]), "dev": route.get("dev", ""),
             "connected": route.get("protocol") == "kernel",
             "by": route["by"], "within": route["within"]}
            for route in routes if route.get("type") != "throw"]


def hides(route, network):
    """Does it, or would the lab's subnet hide it?"""
    to = ipaddress.ip_network(route["to"])
    if not to.overlaps(network):
        return False
    if route["by"]:
        return ipaddress.ip_network(route["within"]).overlaps(network)
    return to.prefixlen >= network.prefixlen or route["connected"]


def in_the_way(routes, network, bridge):
    """In words; the bridge's own are not."""
    return [route["to"] + (f" of {route['dev']}" if route["dev"] else "")
            + (f" in table {route['by']}" if route["by"] else "")
            for route in routes
            if route["dev"] != bridge and hides(route, network)]
