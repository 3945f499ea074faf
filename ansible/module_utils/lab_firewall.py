# SPDX-License-Identifier: MIT
"""What of the lab's packets the host's own filters drop, as far as that can be
told without sending one: chains that end in a drop and have no rule that lets
a bridge of the lab pass.

What is asked: nft, which also knows what iptables-nft, firewalld and ufw made,
and iptables-save for what nft does not show.
"""

import json
import re

BRIDGES = ("iifname", "oifname", "iif", "oif", "ibrname", "obrname")
FAMILIES = ("ip", "inet", "bridge")
DEPTH = 6  # of chains below each other; firewalld has three


def named(expression):
    """The links that a rule of nft names; None where it asks for more."""
    links = set()
    for part in expression:
        match = part.get("match")
        if not match:
            continue
        left = match["left"].get("meta", {}) if isinstance(
            match["left"], dict) else {}
        if match["op"] != "==" or left.get("key") not in BRIDGES:
            return None
        right = match["right"]
        links |= set(right["set"] if isinstance(right, dict) and
                     "set" in right else [right])
    return links


def from_nft(text):
    """Chains and rules, as nft -j list ruleset tells them: rules are (links;
    verdict; where it goes on)."""
    chains = {}
    for one in json.loads(text or '{"nftables": []}')["nftables"]:
        if "chain" in one:
            chain = one["chain"]
            key = (chain["family"], chain["table"], chain["name"])
            chains[key] = {"hook": chain.get("hook", ""), "rules": [],
                           "policy": chain.get("policy", "accept"),
                           "where": "nft " + " ".join(key)}
        elif "rule" in one:
            rule = one["rule"]
            links = named(rule["expr"])
            words = [(word, part[word]) for part in rule["expr"]
                     for word in ("accept", "drop", "reject", "jump", "goto")
                     if word in part]
            if links is None or not words or \
                    any("xt" in part for part in rule["expr"]):
                continue
            word, value = words[0]
            key = (rule["family"], rule["table"], rule["chain"])
            chains[key]["rules"].append(
                (links, word, (*key[:2], value["target"])
                 if word in ("jump", "goto") else None))
    return chains


def from_iptables(text):
    """As iptables-save -t filter tells them."""
    chains = {}
    for line in text.split("\n"):
        new = re.match(r":(\S+) (\S+)", line)
        rule = re.match(r"-A (\S+) (.*)-([jg]) (\S+)", line)
        if new:
            name, policy = new.groups()
            base = name in ("INPUT", "FORWARD", "OUTPUT")
            chains[("ip", "filter", name)] = {
                "hook": name.lower() if base else "", "rules": [],
                "policy": policy.lower().replace("-", "accept"),
                "where": f"iptables {name}"}
        elif rule:
            name, asked, _, target = rule.groups()
            asked = re.sub(r"-m comment --comment (\"[^\"]*\"|\S+) ?", "",
                           asked)
            links = re.findall(r"-[io] (\S+)", asked)
            if re.sub(r"-[io] \S+ ?", "", asked).strip():
                continue
            to = ("ip", "filter", target)
            word = "jump" if to in chains else target.lower()
            chains[("ip", "filter", name)]["rules"].append(
                (set(links), word, to if word == "jump" else None))
    return chains


def verdict(chains, key, link, depth=0):
    """On a packet that comes in by the link and goes out by it; None where the
    chain has none and is not one of the kernel's own."""
    chain = chains.get(key)
    if not chain or depth > DEPTH:
        return None
    for links, word, to in chain["rules"]:
        if links - {link}:
            continue
        if to:
            word = verdict(chains, to, link, depth + 1)
        if word in ("accept", "drop", "reject"):
            return word
    return chain["policy"] if chain["hook"] else None


def dropping(chains, hook, link, families):
    """Where such packets are dropped, in words."""
    return [chain["where"] for key, chain in chains.items()
            if chain["hook"] == hook and key[0] in families
            and verdict(chains, key, link) in ("drop", "reject")]


def found(output, links):
    """What is dropped: from port to port of each link, and of what comes to
    the host by it. output(command...): what it prints."""
    chains = from_nft(output("nft", "-j", "list", "ruleset"))
    # Its own iptables tells better: nft has not all of its matches.
    chains.update(from_iptables(output("iptables-save", "-t", "filter")))
    calls = output("cat", "/proc/sys/net/bridge/bridge-nf-call-iptables")
    across = FAMILIES if calls.strip() == "1" else ("bridge",)
    return {link: {"forward": dropping(chains, "forward", link, across),
                   "input": dropping(chains, "input", link, FAMILIES)}
            for link in links}
