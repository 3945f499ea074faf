# SPDX-License-Identifier: MIT
"""Sessions out of a capture that t2t-wiretap wrote: pcapng, Ethernet, IPv4."""
import os
import re
import struct
from decimal import Decimal

import roce
import tls

NANO = Decimal(10) ** -9
TCP, UDP = 6, 17
SYN, ACK = 2, 16


class Unreadable(Exception):
    """No such capture, or not whole."""


class Session:
    """An order connection and what was published for it."""

    def __init__(self, client, server, begin):
        self.client, self.server = client, server
        self.tag = (client[1] ^ client[1] >> 12) & 0xfff or 1
        self.begin = begin  # number of the first byte to come
        self.segments = []
        self.datagrams = []  # (sequence, flags, messages), as they came
        self.given_up = set()  # numbers, by the trader's own notices
        self.orders = []  # (lots, price, side)
        self.names = []  # of each, the datagram that it says it answers


def frames(path):
    """Stamp and bytes of each frame; the size that merged ones are of."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if size < 12 or at + size > len(data):
            break  # it was cut off
        if kind == 6:
            high, low, kept = struct.unpack_from("<III", data, at + 12)
            told = data.find(b"gso_size=", at + 28 + kept, at + size)
            merged = re.match(rb"\d*", data[told + 9:told + 14])[0] \
                if told >= 0 else b""
            yield (high << 32 | low, data[at + 28:at + 28 + kept],
                   int(merged or 0))
        at += size


def packets(path):
    """(protocol, from, to, transport's header and what it carries, merged),
    by stamps; an address is its 4 bytes and the port."""
    for _, frame, merged in sorted(frames(path), key=lambda one: one[0]):
        at = 12
        while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        if frame[at:at + 2] != b"\x08\x00":
            continue
        at += 2
        protocol = frame[at + 9]
        if protocol not in (TCP, UDP):
            continue
        whole = int.from_bytes(frame[at + 2:at + 4], "big")
        # Larger than its field holds: cut by whoever sends it on.
        end = at + whole if whole else len(frame)
        body = frame[at + (frame[at] & 15) * 4:end]
        one, other = struct.unpack_from(">HH", body)
        yield (protocol, (frame[at + 12:at + 16], one),
               (frame[at + 16:at + 20], other), body, merged)


def address(text):
    host, _, port = text.partition(":")
    return bytes(int(part) for part in host.split(".")), int(port)


def segment(sessions, source, target, body, port):
    sequence = int.from_bytes(body[4:8], "big")
    if target[1] != port:
        return
    if body[13] & (SYN | ACK) == SYN:
        if not any(one.client == source and one.begin == sequence + 1
                   for one in sessions):
            sessions.append(Session(source, target, sequence + 1))
        return
    payload = body[(body[12] >> 4) * 4:]
    for one in reversed(sessions):
        if one.client == source:
            if payload:
                one.segments.append(
                    ((sequence - one.begin) % (1 << 32), payload))
            return


def datagram(sessions, source, target, payload, options):
    """To the session of its tag, if the exchange sent it."""
    if len(payload) < 8:
        return
    sequence, count, flags = struct.unpack_from("<IHH", payload)
    again = options.recover and source[1] == options.retransmit_port \
        and flags & 4
    if not again and target not in options.lines:
        return
    for one in reversed(sessions):
        if one.server[0] == source[0] and flags >> 4 in (0, one.tag):
            if not again or target[0] == one.client[0]:
                one.datagrams.append((sequence, flags, [
                    payload[8 + 28 * i:36 + 28 * i] for i in range(count)]))
            return


def notice(sessions, source, payload):
    """The trader goes on without those right below a number."""
    first, count, flags = struct.unpack("<IHH", payload)
    for one in reversed(sessions):
        if count == 0 and one.client[0] == source[0] and \
                flags >> 4 == one.tag:
            one.given_up.update(range(first - (1 << (flags & 15)), first))
            return


def sessions(path, options):
    """All that have an order connection."""
    options.lines = [address(line) for line in options.group.split(",")]
    found = []
    for protocol, source, target, body, merged in roce.unwrapped(packets(path)):
        if protocol == TCP:
            segment(found, source, target, body, options.order_port)
            continue
        payload = body[8:]
        if options.recover and len(payload) == 8 and \
                target[1] == options.retransmit_port:
            notice(found, source, payload)
            continue
        step = merged or len(payload) or 1
        for begin in range(0, len(payload), step):
            datagram(found, source, target, payload[begin:begin + step],
                     options)
    name, log = channel(options.channel), None
    if options.channel.partition(":")[0] == "tls":
        if not options.keys or not os.path.exists(options.keys):
            raise Unreadable(f"{path}: encrypted, and there is no key log: "
                             "--keys FILE")
        log = tls.secrets(options.keys)
    for one in found:
        text = stream(one, path)
        try:
            text = tls.said(text, log) if log else text
            one.orders = list(CHANNELS[name](text))
            if name == "fix":
                one.names = list(fix_names(text, one.tag))
        except tls.Sealed as error:
            raise Unreadable(f"{path}: {error}") from None
    return found


def channel(told):
    """The name of the one that orders are of: "tls:inner=ws:mask=zero"'s is
    ws. None: there is no such one."""
    name, _, rest = told.partition(":")
    if name == "tls":
        inner = re.search(r"(?:^|,)inner=(\w+)", rest)
        name = inner[1] if inner else "raw"
    return name if name in CHANNELS else None


def stream(session, path):
    """What the trader said, put together."""
    text = bytearray()
    for at, payload in sorted(session.segments):
        if at > len(text):
            raise Unreadable(f"{path}: {at - len(text)} bytes of orders are "
                             "not in it")
        text += payload[len(text) - at:]
    return bytes(text)


def message(bytes28):
    """(symbol, side, price, amount)"""
    kind, side, symbol, price, amount, unit = \
        struct.unpack("<ccHQQQ", bytes28)
    amount = 0 if kind == b"D" else amount
    amount *= 10 ** unit if kind == b"W" else 1
    return symbol, side, price * NANO, amount * NANO


def order(bytes13):
    lots, price, side = struct.unpack("<IqB", bytes13)
    return lots, price * NANO, side


def raw(text):
    for at in range(0, len(text) - 12, 13):
        yield order(text[at:at + 13])


def login(text):
    at = 32
    while at < len(text):
        if text[at:at + 1] == b"O" and at + 14 <= len(text):
            yield order(text[at + 1:at + 14])
            at += 13
        at += 1


def websocket(text):
    """RFC 6455: a request, then frames under masks."""
    at = text.find(b"\r\n\r\n") + 4
    carried = b""
    while at + 2 <= len(text):
        kind, length = text[at] & 15, text[at + 1] & 127
        at += 2
        if length > 125:
            wide = 2 if length == 126 else 8
            length = int.from_bytes(text[at:at + wide], "big")
            at += wide
        mask, at = text[at:at + 4], at + 4
        if kind in (0, 1, 2):
            carried += bytes(byte ^ mask[i & 3] for i, byte in
                             enumerate(text[at:at + length]))
        at += length
    yield from raw(carried)


def fix_fields(text):
    """NewOrderSingle, each once however often it was sent."""
    seen = set()
    for one in text.split(b"8=FIX")[1:]:
        fields = dict(field.split(b"=", 1) for field in
                      one.split(b"\x01")[1:] if b"=" in field)
        if fields.get(b"35") == b"D" and fields[b"11"] not in seen:
            seen.add(fields[b"11"])
            yield fields


def fix(text):
    for fields in fix_fields(text):
        yield (int(fields[b"38"]), Decimal(fields[b"44"].decode()),
               int(fields[b"54"]) - 1)


def fix_names(text, tag):
    """ClOrdID: the session's tag and the datagram's number, then the order's
    own."""
    for fields in fix_fields(text):
        name = fields[b"11"]
        ours = re.fullmatch(rb"%03X([0-9A-F]{8})-[0-9A-F]{8}" % tag, name)
        yield int(ours[1], 16) if ours else None


CHANNELS = {"raw": raw, "login": login, "ws": websocket, "fix": fix}
