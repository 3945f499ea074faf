# SPDX-License-Identifier: MIT
"""A capture's FIX orders, and what one or all of them name, made otherwise:

    fix_renamed.py HOW CAPTURE OUTPUT

HOW is of these, by the sixteenth order or those behind it:

    same       nothing is made otherwise
    nowhere    it names a datagram that calls for no order
    earlier    it names the one that an order before it has answered
    exchanged  it and the next but one name each other's
    swapped    it comes behind the next one, and both name their own
    spoiled    its price is another one
    foreign    all of them, by names that aren't ours
"""
import re
import sys

ORDER = re.compile(rb"8=FIX[^\x01]*\x019=\d+\x0135=D\x01(?:\d+=[^\x01]*\x01)+?"
                   rb"10=\d{3}\x01")
AT = 15
NAME, PRICE = rb"11", rb"44"
OWN = (NAME, rb"38", PRICE, rb"54")


def get(message, tag):
    return re.search(rb"\x01" + tag + rb"=([^\x01]*)\x01", message)[1]


def put(message, tag, value):
    old = get(message, tag)
    assert len(old) == len(value)
    return message.replace(b"\x01%s=%s\x01" % (tag, old),
                           b"\x01%s=%s\x01" % (tag, value))


def summed(message):
    return message[:-4] + b"%03d\x01" % (sum(message[:-7]) % 256)


def rename(message, other):
    """It names the datagram that the other one does."""
    name, number = get(message, NAME), get(other, NAME)[3:11]
    return put(message, NAME, name[:3] + number + name[11:])


def swap(message, other):
    for tag in OWN:
        message = put(message, tag, get(other, tag))
    return message


def change(how, orders):
    one, following, next_but_one = orders[AT:AT + 3]
    names = {get(order, NAME)[3:11] for order in orders}
    if how == "nowhere":
        number = next(b"%08X" % i for i in range(1 << 32)
                      if b"%08X" % i not in names)
        name = get(one, NAME)
        orders[AT] = put(one, NAME, name[:3] + number + name[11:])
    elif how == "earlier":
        orders[AT] = rename(one, orders[AT - 1])
    elif how == "exchanged":
        orders[AT] = rename(one, next_but_one)
        orders[AT + 2] = rename(next_but_one, one)
    elif how == "swapped":
        orders[AT:AT + 2] = swap(one, following), swap(following, one)
    elif how == "spoiled":
        orders[AT] = put(one, PRICE, get(one, PRICE)[::-1])
    elif how == "foreign":
        orders[:] = [put(order, NAME, get(order, NAME).replace(b"-", b"_"))
                     for order in orders]
    elif how != "same":
        sys.exit(f"{how}: no such way")


def main(how, source, target):
    with open(source, "rb") as file:
        capture = file.read()
    orders = ORDER.findall(capture)
    assert len(orders) > AT + 3 and len(set(orders)) == len(orders)
    changed = list(orders)
    change(how, changed)
    after = iter(changed)
    capture = ORDER.sub(lambda _: summed(next(after)), capture)
    with open(target, "wb") as file:
        file.write(capture)


if __name__ == "__main__":
    main(*sys.argv[1:])
