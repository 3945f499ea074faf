#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A second oracle: decimal arithmetic, a dict for the book, and no code of the
first one. It reads a capture of one whole session, as t2t-wiretap writes it,
and says what t2t-wiretap --read should: triggers, orders, matched, missing,
extra, wrong.

    oracle.py CAPTURE [THRESHOLD_USD [opposite|same]]
"""
import json
import struct
import sys
from decimal import Decimal

NANO = Decimal(10) ** -9


def frames(path):
    """Stamp and bytes of each frame; merged ones with their size."""
    data = open(path, "rb").read()
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:
            high, low, kept = struct.unpack_from("<III", data, at + 12)
            comment = data[at + 28 + kept:at + size]
            gso = comment.partition(b"gso_size=")[2].split(b"\0")[0]
            gso = bytes(c for c in gso[:5] if 48 <= c < 58)
            yield (high << 32 | low, data[at + 28:at + 28 + kept],
                   int(gso or 0))
        at += size


def events(path):
    """("data", datagram) and ("bytes", sequence, bytes), by stamps."""
    for _, frame, gso in sorted(frames(path), key=lambda frame: frame[0]):
        if frame[12:14] != b"\x08\x00":
            continue
        header = (frame[14] & 15) * 4
        body = frame[14 + header:14 + int.from_bytes(frame[16:18], "big")]
        port = int.from_bytes(body[2:4], "big")
        if frame[23] == 17 and port == 12345:
            payload = body[8:]
            step = gso or len(payload)
            for begin in range(0, len(payload), step):
                yield "data", payload[begin:begin + step]
        elif frame[23] == 6 and port == 9012:
            sequence = int.from_bytes(body[4:8], "big") + (body[13] >> 1 & 1)
            yield "bytes", sequence, body[(body[12] >> 4) * 4:]


def update(book, message, snapshot, rule):
    """The order that a message calls for, or None."""
    kind, side, symbol, price, amount, unit = struct.unpack("<ccHQQQ", message)
    amount *= 10 ** unit if kind == b"W" else 1
    symbol_book = book.setdefault(symbol, {b"A": {}, b"B": {}, "old": False})
    if snapshot and not symbol_book["old"]:
        symbol_book[b"A"], symbol_book[b"B"] = {}, {}
    symbol_book["old"] = snapshot
    price, amount = price * NANO, amount * NANO
    mine = symbol_book[side]
    other = symbol_book[b"B" if side == b"A" else b"A"]
    if amount == 0:
        mine.pop(price, None)
        return None
    mine[price] = amount
    best = max if side == b"B" else min
    if snapshot or price != best(mine) or price * amount <= rule[0]:
        return None
    if rule[1] == "same":
        return 1, price, int(side == b"B")
    if not other:
        return None
    return 1, (min if side == b"B" else max)(other), int(side == b"A")


def judge(path, threshold, aggress):
    count = dict.fromkeys(("triggers", "orders", "matched", "missing",
                           "extra", "wrong"), 0)
    book, waiting, seen = {}, [], set()
    stream, expected = b"", None
    for what, *rest in events(path):
        if what == "data":
            sequence, messages, flags = struct.unpack_from("<IHH", rest[0])
            if sequence in seen:
                continue
            seen.add(sequence)
            parts = [rest[0][8 + 28 * i:36 + 28 * i] for i in range(messages)]
            if flags & 8:  # their books begin
                for part in parts:
                    book.pop(int.from_bytes(part[2:4], "little"), None)
            for part in parts:
                order = update(book, part,
                               bool(flags & 1), (threshold, aggress))
                if order:
                    waiting.append(order)
                    count["triggers"] += 1
            continue
        sequence, fresh = rest
        expected = sequence if expected is None else expected
        fresh = fresh[max(0, expected - sequence):]
        expected += len(fresh)
        stream += fresh
        while len(stream) >= 13:
            lots, price, side = struct.unpack("<IqB", stream[:13])
            order, stream = (lots, price * NANO, side), stream[13:]
            count["orders"] += 1
            if order in waiting:
                count["missing"] += waiting.index(order)
                count["matched"] += 1
                del waiting[:waiting.index(order) + 1]
            elif waiting:
                count["wrong"] += 1
                del waiting[0]
            else:
                count["extra"] += 1
    count["missing"] += len(waiting)
    return count


if __name__ == "__main__":
    capture, threshold, aggress = (sys.argv[1:] + ["1000000", "opposite"]
                                   [len(sys.argv) - 2:])
    print(json.dumps(judge(capture, Decimal(threshold), aggress)))
