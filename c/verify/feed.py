# SPDX-License-Identifier: MIT
"""A feed's rows: CSV as tardis' incremental_book_L2 has it."""
import csv
import gzip
import hashlib
import io
from decimal import Decimal, InvalidOperation

COLUMNS = ["exchange", "symbol", "timestamp", "local_timestamp", "is_snapshot",
           "side", "price", "amount"]
SIDES = {"bid": b"B", "ask": b"A"}


class Unreadable(Exception):
    """Not such a feed."""


def text(path):
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    file = gzip.open(path) if zipped else open(path, "rb")
    return io.TextIOWrapper(file, encoding="utf-8", newline="")


def is_that(path, sha256):
    """Is it the very one?"""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest() == sha256


def is_csv(path):
    with text(path) as file:
        return file.readline().strip().split(",") == COLUMNS


def rows(path):
    """(symbol number, side, price, amount, snapshot) of each line."""
    found, symbols = [], {}
    with text(path) as file:
        lines = csv.reader(file)
        next(lines)
        for line in lines:
            _, symbol, _, _, snapshot, side, price, amount = line
            try:
                found.append((symbols.setdefault(symbol, len(symbols)),
                              SIDES[side], Decimal(price), Decimal(amount),
                              snapshot == "true"))
            except (KeyError, InvalidOperation):
                raise Unreadable(f"{path}: line {lines.line_num}: "
                                 f"{','.join(line)}") from None
    return found
