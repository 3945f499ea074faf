# SPDX-License-Identifier: MIT
"""A WebSocket server as a suite is one, by hand: what its client sends back."""
import base64
import hashlib
import socket
import struct
import subprocess
import sys

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(first, payload):
    """Of a server, unmasked."""
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    return bytes([first, 127]) + struct.pack(">Q", len(payload)) + payload


def exactly(connection, count):
    """So many bytes of it."""
    got = b""
    while len(got) < count:
        more = connection.recv(count - len(got))
        assert more, "it has ended"
        got += more
    return got


def answer(connection):
    """The next frame of the client: its first byte and its payload."""
    first, length = exactly(connection, 2)
    assert length & 0x80, "it is not masked"
    length &= 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", exactly(connection, 2))
    elif length == 127:
        (length,) = struct.unpack(">Q", exactly(connection, 8))
    mask = exactly(connection, 4)
    payload = exactly(connection, length)
    mask = (mask * (length // 4 + 1))[:length]
    return first, bytes(a ^ b for a, b in zip(payload, mask))


def shake(connection):
    """The upgrade."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(connection, 1)
    assert head.startswith(b"GET /runCase?case=1&agent=t2t HTTP/1.1\r\n"), head
    key = head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
    connection.sendall(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def right(connection):
    """All of it comes back, and so does the close."""
    long = b"x" * 300000
    connection.sendall(
        frame(0x81, "\u00e4".encode())
        + frame(0x02, b"a")
        + frame(0x89, b"ping")
        + frame(0x80, b"b")
        + frame(0x81, b"")
        + frame(0x82, long)
    )
    wanted = [
        (0x81, "\u00e4".encode()),
        (0x8A, b"ping"),
        (0x82, b"ab"),
        (0x81, b""),
        (0x82, long),
    ]
    got = [answer(connection) for _ in wanted]
    assert got == wanted, [(first, payload[:9]) for first, payload in got]
    connection.sendall(frame(0x88, struct.pack(">H", 1000)))
    assert answer(connection) == (0x88, struct.pack(">H", 1000))


def wrong(connection):
    """What is not UTF-8 is told, at once."""
    connection.sendall(frame(0x01, b"\xf4\x90"))
    first, payload = answer(connection)
    assert first == 0x88 and payload[:2] == struct.pack(">H", 1007), payload


def main():
    """port, right or wrong, the client's command."""
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    listener.settimeout(30)
    with subprocess.Popen(sys.argv[3:]) as client:
        connection, _ = listener.accept()
        connection.settimeout(30)
        shake(connection)
        {"right": right, "wrong": wrong}[sys.argv[2]](connection)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b"", "more than that"
        assert client.wait(30) == 0, client.returncode


main()
