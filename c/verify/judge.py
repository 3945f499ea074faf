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
                yield order, number


def named(wanted, orders, names):
    """(matched, wrong), where each order says which datagram it answers. It
    can't be one before those that orders before it have answered."""
    waiting = collections.defaultdict(list)
    for order, number in wanted:
        waiting[number].append(order)
    matched = wrong = reached = 0
    for order, number in zip(orders, names):
        if number < reached or not waiting[number]:
            continue  # it is extra
        reached, due_now = number, waiting[number]
        at = due_now.index(order) if order in due_now else 0
        matched += due_now[at] == order
        wrong += due_now[at] != order
        del due_now[:at + 1]  # those passed by are missing
    return matched, wrong


def least(wanted, orders, band, fault):
    """What the fewest faults cost, less 1 for each match, of the ways that
    leave the diagonal by no more than the band."""
    far = (len(wanted) + len(orders) + 1) * fault
    costs = [i * fault if i <= band else far for i in range(len(wanted) + 1)]
    for k, order in enumerate(orders, 1):
        first = max(k - band, 1)
        corner = costs[first - 1]
        costs[first - 1] = k * fault if k <= band else far
        for i in range(first, min(k + band, len(wanted)) + 1):
            corner, costs[i] = costs[i], min(
                corner + (-1 if wanted[i - 1] == order else fault),
                costs[i] + fault, costs[i - 1] + fault)
    return costs[-1]


def alike(wanted, orders, band=64):
    """(matched, wrong), by what is in them: with the fewest faults, and of as
    many faults with the most matches. A way with so many faults leaves the
    diagonal by no more; as many are looked for at first as the band says."""
    fault = 1 + min(len(wanted), len(orders))
    begin = end = 0
    # What is alike at either end has no part in a fault.
    while begin < min(len(wanted), len(orders)) and \
            wanted[begin] == orders[begin]:
        begin += 1
    wanted, orders = wanted[begin:], orders[begin:]
    while end < min(len(wanted), len(orders)) and \
            wanted[-1 - end] == orders[-1 - end]:
        end += 1
    wanted, orders = wanted[:len(wanted) - end], orders[:len(orders) - end]
    band = max(band, abs(len(wanted) - len(orders)))
    while True:
        cost = least(wanted, orders, band, fault)
        matched = -cost % fault
        faults = (cost + matched) // fault
        if faults <= band:
            break
        band *= 4
    # A wrong order is one fault for a trigger and an order.
    wrong = len(wanted) + len(orders) - 2 * matched - faults
    return begin + matched + end, wrong


def session(one, lines, options, count):
    """What is called for beside what came, both in their order."""
    wanted = list(due(one, lines, options, count))
    if one.names and None not in one.names:
        matched, wrong = named(wanted, one.orders, one.names)
    else:
        matched, wrong = alike([order for order, _ in wanted], one.orders)
    count.triggers += len(wanted)
    count.orders += len(one.orders)
    count.matched += matched
    count.wrong += wrong
    count.missing += len(wanted) - matched - wrong
    count.extra += len(one.orders) - matched - wrong
