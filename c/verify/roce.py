# SPDX-License-Identifier: MIT
"""RDMA in a capture (RoCEv2): its connections and messages as TCP's, its
datagrams to a group as UDP's."""
import struct

PORT, GROUP_QP, MANAGED_QP = 4791, 0xffffff, 1
UDP, TCP, SYN, ACK = 17, 6, 2, 16
# Messages: sends, and a write with immediate. What their headers add.
MESSAGES = {0: 0, 1: 0, 2: 0, 3: 4, 4: 0, 5: 4, 0xb: 20}
DATAGRAM_IMMEDIATE = 0x65
REQUESTS = range(0xd)
CONNECT, REPLY = 0x10, 0x13
TCP_SERVICE = 0x106


class Connection:
    """From who asks to who replies: the only way that orders go."""

    def __init__(self, client, server, identity):
        self.client, self.server, self.identity = client, server, identity
        self.qp = self.psn = None  # of who replies; the next one's
        self.sequence = (identity + 1) % (1 << 32)


def number(data, at, size):
    return int.from_bytes(data[at:at + size], "big")


def tcp(source, target, sequence, flags, payload=b""):
    return (TCP, source, target,
            struct.pack(">HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4,
                        flags, 0, 0, 0) + payload, 0)


class View:
    """Of one capture, packet by packet."""

    def __init__(self):
        self.connections = []

    def managed(self, source, target, said):
        """A connection is asked for, or there."""
        kind, said = number(said, 16, 2), said[24:]
        if kind == CONNECT and number(said, 8, 6) == TCP_SERVICE:
            identity = number(said, 0, 4)
            made = Connection((source[0], number(said, 142, 2)),
                              (target[0], number(said, 14, 2)), identity)
            if not any(one.client == made.client and one.identity == identity
                       for one in self.connections):
                self.connections.append(made)
                yield tcp(made.client, made.server, identity, SYN)
        elif kind == REPLY:
            for one in self.connections:
                if one.qp is None and one.client[0] == target[0] and \
                        one.server[0] == source[0] and \
                        one.identity == number(said, 4, 4):
                    one.qp, one.psn = number(said, 12, 3), number(said, 20, 3)

    def message(self, source, target, packet):
        """One too early is left out, as its receiver does; so is one that came
        before."""
        for one in reversed(self.connections):
            if one.qp == number(packet, 5, 3) and \
                    (one.client[0], one.server[0]) == (source[0], target[0]):
                break
        else:
            return
        if one.psn != number(packet, 9, 3):
            return
        one.psn = (one.psn + 1) % (1 << 24)
        if packet[0] in MESSAGES:
            payload = packet[12 + MESSAGES[packet[0]]:
                             len(packet) - 4 - (packet[1] >> 4 & 3)]
            if payload:
                yield tcp(one.client, one.server, one.sequence, ACK, payload)
                one.sequence = (one.sequence + len(payload)) % (1 << 32)

    def packet(self, source, target, packet):
        """What it would have been."""
        if len(packet) < 16:
            return
        payload = packet[12:len(packet) - 4 - (packet[1] >> 4 & 3)]
        queue = number(packet, 5, 3)
        if packet[0] == DATAGRAM_IMMEDIATE and queue == GROUP_QP and \
                len(payload) >= 12:
            port = number(payload, 8, 4)
            yield (UDP, (source[0], port), (target[0], port),
                   bytes(8) + payload[12:], 0)
        elif packet[0] == 0x64 and queue == MANAGED_QP and \
                len(payload) >= 8 + 256:
            yield from self.managed(source, target, payload[8:])
        elif packet[0] in REQUESTS:
            yield from self.message(source, target, packet)


def unwrapped(packets):
    """As wire.packets() has them, with RDMA's as TCP's and UDP's."""
    view = View()
    for protocol, source, target, body, merged in packets:
        if protocol == UDP and target[1] == PORT:
            yield from view.packet(source, target, body[8:])
        else:
            yield protocol, source, target, body, merged
