#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A WebSocket peer that is not ours: Debian's python3-websockets, as a client
of t2t-exchange and as the server of t2t-trader.

    websocket_peer.py orders|echo PORT
    websocket_peer.py server PORT GROUP GROUP_PORT

Says what was wrong and exits with 1, or exits with 0.
"""
import asyncio
import socket
import struct
import sys

import websockets

SOON_S = 30
PRICE = 250 * 10**9
SELL = 1


def order(number):
    """An order's 13 bytes: quantity, price in nano, side (wire/order.h)."""
    return struct.pack('<IqB', number, PRICE, SELL)


def check(what, got, wanted):
    """End the program unless the two are equal."""
    if got != wanted:
        sys.exit(f'{what}: {got!r}, not {wanted!r}')


def connect(port):
    """As most clients do: compression is offered."""
    return websockets.connect(f'ws://127.0.0.1:{port}/orders', max_size=None)


async def orders(port):
    """Three orders, the second in fragments, then one that is text."""
    async with connect(port) as peer:
        # From version 14 on they are kept elsewhere.
        check('extensions', getattr(peer, 'protocol', peer).extensions, [])
        await peer.send(order(1))
        await peer.send([order(2)[:5], b'', order(2)[5:]])
        await (await peer.ping(b'between'))
        await peer.send(order(3))
        await peer.send('an order')
        try:
            await peer.recv()
        except websockets.ConnectionClosed as closed:
            check('close code', closed.rcvd.code, 1003)
            check('reason', closed.rcvd.reason != '', True)
        else:
            sys.exit('text was answered')


async def echo(port):
    """Messages of all lengths and kinds come back whole."""
    messages = [b'', b'x', 'κόσμε', order(1), b'y' * 125, b'z' * 126,
                't' * 65535, b'u' * 65536, b'v' * 300000]
    async with connect(port) as peer:
        for message in messages:
            await peer.send(message)
            check('echo', await peer.recv(), message)
        await peer.send(['κό', '', 'σμε'])
        check('fragments', await peer.recv(), 'κόσμε')
        await (await peer.ping())
        await peer.close(3001, 'done')
        check('close code', peer.close_code, 3001)


def publish(to, number, flags, side, level):
    """A datagram of one level: an update, its order id 0 (wire/README.md)."""
    price, quantity = level
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                      socket.inet_aton('127.0.0.1'))
    sender.sendto(struct.pack('<IHHccHQQQ', number, 1, flags, b'U', side, 0,
                              price * 10**9, quantity * 10**9, 0), to)
    sender.close()


async def serve(port, group):
    """A trader connects, is told of a book, orders and leaves."""
    done = asyncio.get_running_loop().create_future()

    async def trader(peer):
        check('path', getattr(peer, 'request', peer).path, '/orders')
        publish(group, 0, 1, b'A', (250, 1))
        publish(group, 1, 1, b'B', (100, 1))
        for i in range(3):
            publish(group, 2 + i, 0, b'B', (160, 10000))
            got = struct.unpack('<IqB', await peer.recv())
            check('order', got, (1, PRICE, 0))
        await (await peer.ping(b'alive'))
        await peer.send('said to whom it does not concern')
        publish(group, 5, 2, b'A', (250, 1))
        await peer.wait_closed()
        done.set_result(peer.close_code)

    async with websockets.serve(trader, '127.0.0.1', port,
                                subprotocols=['t2t']):
        print('listening', flush=True)
        check('close code', await done, 1000)


def main():
    """By the command line; whatever hangs has failed."""
    what, port = sys.argv[1], int(sys.argv[2])
    if what == 'server':
        job = serve(port, (sys.argv[3], int(sys.argv[4])))
    else:
        job = {'orders': orders, 'echo': echo}[what](port)
    asyncio.run(asyncio.wait_for(job, SOON_S))


if __name__ == '__main__':
    main()
