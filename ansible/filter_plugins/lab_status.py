# SPDX-License-Identifier: MIT
"""What of the lab is there."""

SCHEMA = "t2t-lab-status/1"


def there(made, facts):
    """Is what the record names still there? None: can't be told."""
    if made["kind"] == "domain":
        domain = facts["libvirt"]["domains"].get(made["name"])
        return bool(domain) and domain["uuid"] == made["uuid"]
    if made["kind"] == "bridge":
        link = facts["links"].get(made["name"])
        return bool(link) and link["mac"] == made["mac"]
    if made["kind"] == "hugepages":
        pool = facts["memory"]["huge"].get(str(made["size_kib"]))
        return bool(pool) and made["boot"] == facts["boot"] and \
            pool["total"] >= sum(made["took"].values())
    if made["kind"] == "daemon":
        return facts["libvirt"]["pids"].get(made["name"], 0) > 0
    return None


def status(facts, plan, addresses):
    """plan: of the guests that are wanted; addresses: name -> address."""
    guests = []
    for name, domain in plan.items():
        found = facts["libvirt"]["domains"].get(domain["name"])
        ours = bool(found) and any(
            made["kind"] == "domain" and made["uuid"] == found["uuid"]
            for made in facts["record"])
        address = addresses[name]
        guests.append({
            "guest": name,
            "domain": domain["name"],
            "state": "not made" if not found else
            "another's" if not ours else
            "paused" if found["paused"] else
            "running" if found["running"] else
            "saved" if found["saved"] else "stopped",
            "accelerator": {"kvm": "kvm", "qemu": "tcg"}.get(found["type"])
            if found else None,
            "nic": found["nic"] if found else None,
            "address": address,
            "ssh": facts["answers"].get(f"{address}:22", False),
        })
    made = [{"kind": entry["kind"], "name": entry["name"],
             "there": there(entry, facts)} for entry in facts["record"]]
    running = [guest for guest in guests
               if guest["state"] == "running" and guest["ssh"]]
    missing = [entry for entry in made if entry["there"] is False]
    return {
        "schema": SCHEMA,
        "lab": "down" if not made else
        "up" if len(running) == len(guests) and not missing else "in part",
        "folder": facts["folder"],
        "guests": guests,
        "made": made,
    }


class FilterModule:
    """Ansible finds it by this name."""

    def filters(self):
        return {"lab_status": status}
