# SPDX-License-Identifier: MIT
"""A capture of orders by TCP and market data by UDP, as it would have been over
RDMA on Ethernet (RoCEv2):

    rdma_wrapped.py HOW CAPTURE OUTPUT

HOW is of these:

    sent      a message is sent
    written   it is written with immediate
    again     it is sent, the 10th one twice, and the 20th is first one too early
    lost      the 10th one is not in the capture
    malformed the 10th one's packet has no room for its checksum
"""
import struct
import sys

PIECE, ORDERS, PSN = 1024, 9012, 0xfffff0
FIN, SYN, CHANGED = 1, 2, 10


def packet(operation, queue, number, added=b"", payload=b""):
    padding = -len(payload) % 4
    return struct.pack(">BBHII", operation, 0x40 | padding << 4, 0xffff, queue,
                       0x80000000 | number & 0xffffff) + \
        added + payload + bytes(padding + 4)


def managed(kind, *said):
    """A datagram of 256 bytes; said: where, and what."""
    body = bytearray(256)
    body[:4] = 1, 7, 2, 3
    body[16:18] = kind.to_bytes(2, "big")
    for at, text in said:
        body[24 + at:24 + at + len(text)] = text
    return packet(0x64, 1, 0, struct.pack(">II", 0x80010000, 1), bytes(body))


class Connection:
    """Of one client's port: what its segments become."""

    def __init__(self, how, port):
        self.how, self.port = how, port
        self.client = struct.pack(">I", 0xffff0000 + port)
        self.server = struct.pack(">I", port)
        self.sent, self.answered = PSN, 0
        self.ends = {}  # of what was said each way

    def is_new(self, target, sequence, payload):
        """TCP may say things twice."""
        known = self.ends.get(target)
        if not payload or known is not None and \
                (sequence - known) % (1 << 32) >= 1 << 31:
            return False
        self.ends[target] = (sequence + len(payload)) % (1 << 32)
        return True

    def message(self, payload, number):
        if self.how == "written":
            return packet(0xb, 0x12, number,
                          bytes(12) + struct.pack(">II", len(payload), number),
                          payload)
        return packet(4, 0x12, number, b"", payload)

    def orders(self, payload):
        """As packets to the server."""
        number, at = self.sent, self.sent - PSN
        self.sent += 1
        whole = self.message(payload, number)
        if at == CHANGED and self.how == "again":
            return [whole, whole]
        if at == CHANGED + 10 and self.how == "again":
            return [self.message(payload, number + 1), whole]
        if at == CHANGED and self.how == "lost":
            return []
        return [whole[:14] if at == CHANGED and self.how == "malformed"
                else whole]

    def from_client(self, flags, payload):
        if flags & SYN:
            yield managed(0x10, (0, self.client), (8, struct.pack(
                ">Q", 0x1060000 + ORDERS)), (32, b"\0\0\x11"),
                (44, b"\0\0\0"), (140, struct.pack(">BBH", 0, 0x40,
                                                   self.port)))
        for at in range(0, len(payload), PIECE):
            yield from self.orders(payload[at:at + PIECE])
        if flags & FIN:
            yield managed(0x15, (0, self.client), (4, self.server))

    def from_server(self, flags, payload):
        if flags & SYN:
            yield managed(0x13, (0, self.server), (4, self.client),
                          (12, b"\0\0\x12"),
                          (20, (PSN & 0xffffff).to_bytes(3, "big")))
            return
        for at in range(0, len(payload), PIECE):
            yield packet(4, 0x11, self.answered, b"", payload[at:at + PIECE])
            self.answered += 1
        yield packet(0x11, 0x11, self.sent - 1, b"\x1f\0\0\1")
        if flags & FIN:
            yield managed(0x15, (0, self.server), (4, self.client))


class Wrapping:
    """Of one capture."""

    def __init__(self, how):
        self.how, self.connections, self.published = how, {}, 0

    def tcp(self, body):
        source, target = struct.unpack_from(">HH", body)
        if ORDERS not in (source, target):
            return
        port = source if target == ORDERS else target
        if port not in self.connections:
            self.connections[port] = Connection(self.how, port)
        made = self.connections[port]
        turn = made.from_client if target == ORDERS else made.from_server
        payload = body[(body[12] >> 4) * 4:]
        yield from turn(body[13], payload if made.is_new(
            target, int.from_bytes(body[4:8], "big"), payload) else b"")

    def udp(self, body, merged):
        """To the group."""
        port, payload = struct.unpack_from(">H", body, 2)[0], body[8:]
        step = merged or len(payload) or 1
        for at in range(0, len(payload), step):
            yield packet(0x65, 0xffffff, self.published,
                         struct.pack(">III", 0x01234567, 0x22, port),
                         payload[at:at + step])
            self.published += 1

    def frame(self, frame, merged):
        """What comes in its place."""
        if frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
            return [frame]
        header = 14 + (frame[14] & 15) * 4
        size = int.from_bytes(frame[16:18], "big")
        body = frame[header:14 + size if size else len(frame)]
        if frame[23] == 17 and frame[30] >> 4 != 14:
            return [frame]
        made = self.tcp(body) if frame[23] == 6 else self.udp(body, merged)
        return [frame[:14] + self.ip(frame, one) + one for one in made]

    @staticmethod
    def ip(frame, said):
        return struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(said), 0, 0x4000, 64,
                           17, 0) + frame[26:34] + \
            struct.pack(">HHHH", 0xc000, 4791, 8 + len(said), 0)


def main(how, source, target):
    with open(source, "rb") as file:
        data = file.read()
    wrapping, out, at = Wrapping(how), [], 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        block = data[at:at + size]
        at += size
        if kind != 6:
            out.append(block)
            continue
        kept, = struct.unpack_from("<I", block, 20)
        told = block.find(b"gso_size=", 28 + kept)
        merged = int("".join(filter(str.isdigit, block[
            told + 9:told + 14].decode("latin1"))) or 0) if told >= 0 else 0
        for frame in wrapping.frame(block[28:28 + kept], merged):
            padded = frame + bytes(-len(frame) % 4)
            out.append(struct.pack("<II", 6, 32 + len(padded)) + block[8:20] +
                       struct.pack("<II", len(frame), len(frame)) + padded +
                       struct.pack("<I", 32 + len(padded)))
    with open(target, "wb") as file:
        file.write(b"".join(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
