# SPDX-License-Identifier: MIT
"""Which sysctls an experiment may turn. A further group is a row of GROUPS."""

# As they are told, and the pattern of their names.
GROUPS = (
    ("net.core.busy_read, busy_poll, rmem_*, wmem_*, optmem_max",
     r"net\.core\.(busy_read|busy_poll|[rw]mem_(max|default)|optmem_max)"),
    ("netdev_budget*, netdev_max_backlog",
     r"net\.core\.(netdev_budget|netdev_budget_usecs|netdev_max_backlog)"),
    ("default_qdisc, dev_weight*, gro_normal_batch",
     r"net\.core\.(default_qdisc|dev_weight\w*|gro_normal_batch)"),
    ("rps_sock_flow_entries, skb_defer_max, netdev_tstamp_prequeue",
     r"net\.core\.(rps_sock_flow_entries|skb_defer_max|"
     r"netdev_tstamp_prequeue)"),
    ("bpf_jit_enable, somaxconn", r"net\.core\.(bpf_jit_enable|somaxconn)"),
    ("net.ipv4.tcp_*, udp_*, ip_*, igmp_*",
     r"net\.ipv4\.(tcp|udp|ip|igmp)_\w+"),
    ("vm.*", r"vm\.\w+"),
    ("kernel.*", r"kernel\.\w+"),
)
PATTERN = "|".join(pattern for _, pattern in GROUPS)
GROUPS_TEXT = ", ".join(told for told, _ in GROUPS)

ONE_WAY = "what was once set can't be put back before the next boot"
ACTION = "writing it does something, it has no value to put back"
PROGRAM = "it names a program that the kernel runs"
# Sysctls that no experiment may turn, nor try, and why.
REFUSED = {
    **dict.fromkeys((
        "kernel.modules_disabled", "kernel.kexec_load_disabled",
        "kernel.kexec_load_limit_panic", "kernel.kexec_load_limit_reboot",
        "kernel.unprivileged_bpf_disabled", "kernel.tainted",
        "kernel.printk_devkmsg"), ONE_WAY),
    **dict.fromkeys(("vm.drop_caches", "vm.compact_memory",
                     "vm.stat_refresh", "net.ipv4.tcp_fastopen_key"), ACTION),
    **dict.fromkeys(("kernel.core_pattern", "kernel.modprobe",
                     "kernel.hotplug", "kernel.poweroff_cmd"), PROGRAM),
    **dict.fromkeys(("kernel.hostname", "kernel.domainname"),
                    "it is the machine's name"),
    "kernel.ns_last_pid": "the kernel changes it with each process",
    **dict.fromkeys(("vm.nr_hugepages", "vm.nr_hugepages_mempolicy",
                     "vm.nr_overcommit_hugepages"),
                    "the lab counts the pages of its guests by it; "
                    "domain.hugepage_kib is the knob"),
    "kernel.watchdog": "it sets kernel.nmi_watchdog and "
                       "kernel.soft_watchdog, which are knobs of their own",
    "net.ipv4.ip_forward": "it sets all of an interface's settings to their "
                           "defaults",
}
# Of two such sysctls one is 0, and writing one makes the other so.
PAIRS = (("vm.dirty_bytes", "vm.dirty_ratio"),
         ("vm.dirty_background_bytes", "vm.dirty_background_ratio"),
         ("vm.overcommit_kbytes", "vm.overcommit_ratio"))
