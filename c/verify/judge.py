# SPDX-License-Identifier: MIT
"""The rule once more, and the orders held against it."""
import collections
from bisect import bisect_left
from decimal import Decimal, getcontext

import wire

# No product of a price and an amount is rounded.
getcontext().prec = 60

END, BOOK_BEGINS, SNAPSHOT = 2, 8, 1


class Count:
    """What was seen, over all sessions of a capture."""

    def __init__(self):
        self.datagrams = self.lines = self.orders = self.triggers = 0
        self.matched = self.missing = self.extra = self.wrong = 0
        self.unlike = []  # datagrams that are not what their lines say

    def told(self):
        return {**vars(self), "unlike": len(self.unlike)}

    def faults(self):
        said = [f"{number} {what}" for what, number in (
            ("missing", self.missing), ("extra", self.extra),
            ("wrong", self.wrong)) if number]
        if self.unlike:
            said.append(f"{len(self.unlike)} datagrams are not what their "
                        f"lines say: {self.unlike[0]}")
        return said


class Book:
    """Of a symbol: the prices of its levels, in their order."""

    def __init__(self):
        self.snapshot = False
        self.clear()

    def clear(self):
        self.bids, self.asks = [], []


def level(prices, price, amount):
    """It is there from now on, or with no amount not."""
    at = bisect_left(prices, price)
    there = prices[at:at + 1] == [price]
    if there and amount == 0:
        del prices[at]
    elif not there and amount != 0:
        prices.insert(at, price)


def update(book, change, options):
    """The order that it calls for, or None. change: (side, price, amount,
    snapshot)"""
    side, price, amount, snapshot = change
    if snapshot and not book.snapshot:
        book.clear()
    book.snapshot = snapshot
    bid = side == b"B"
    mine, other = (book.bids, book.asks) if bid else (book.asks, book.bids)
    level(mine, price, amount)
    value = amount if options.contract == "inverse" else price * amount
    if snapshot or amount == 0 or value <= options.threshold_usd or \
            price != mine[-1 if bid else 0]:
        return None
    if options.aggress == "same":
        return options.order_quantity, price, int(bid)
    if not other:
        return None
    return options.order_quantity, other[0 if bid else -1], int(not bid)


def taken(session, options):
    """The datagrams that the trader goes by, in its order."""
    if options.recover:
        first = {}
        for one in session.datagrams:
            first.setdefault(one[0], one)
        yield from (first[number] for number in
                    sorted(first.keys() - session.given_up))
        return
    expected = 0
    for one in session.datagrams:
        if one[0] >= expected:
            expected = one[0] + 1
            yield one


def due(session, lines, options, count):
    """The orders that are called for."""
    books = collections.defaultdict(Book)
    for number, flags, messages in taken(session, options):
        if flags & END:
            continue
        count.datagrams += 1
        changes = [wire.message(one) for one in messages]
        snapshot = bool(flags & SNAPSHOT)
        if lines is not None:
            line = lines[number] if number < len(lines) else None
            if line != (*changes[0], snapshot) or len(changes) != 1:
                count.unlike.append(f"number {number}: {line}, and the "
                                    f"datagram has {changes}")
            count.lines += 1
        elif flags & BOOK_BEGINS:
            for symbol, *_ in changes:
                books[symbol].clear()
        for symbol, *change in changes:
            order = update(books[symbol], (*change, snapshot), options)
            if order:
                yield order


def session(one, lines, options, count):
    """Orders come in the order in which they are called for."""
    wanted = list(due(one, lines, options, count))
    count.triggers += len(wanted)
    count.orders += len(one.orders)
    for order in one.orders:
        if order in wanted:
            at = wanted.index(order)
            count.missing += at
            count.matched += 1
            del wanted[:at + 1]
        elif wanted:
            count.wrong += 1
            del wanted[0]
        else:
            count.extra += 1
    count.missing += len(wanted)
