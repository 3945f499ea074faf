# SPDX-License-Identifier: MIT
"""What a client of TLS 1.3 said (RFC 8446), by the secrets of a key log."""
import hashlib
import hmac
import struct

from aead import gcm, poly1305

# By the length of a secret: its hash, and how it may seal, with the key's
# length. Which one was agreed on the first record tells.
SUITES = {32: (hashlib.sha256, ((gcm, 16), (poly1305, 32))),
          48: (hashlib.sha384, ((gcm, 32),))}
PHASES = ("CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
          "CLIENT_TRAFFIC_SECRET_0")
HANDSHAKE, DATA = 22, 23
END_OF_EARLY_DATA, KEY_UPDATE = 5, 24


class Sealed(Exception):
    """No secret opens it."""


def secrets(path):
    """(label, random) -> secret"""
    with open(path, encoding="ascii") as file:
        words = [line.split() for line in file if not line.startswith("#")]
    return {(one[0], bytes.fromhex(one[1])): bytes.fromhex(one[2])
            for one in words if len(one) == 3}


def expand(secret, label, length):
    """HKDF-Expand-Label, of one block of the hash."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + b"\0\1"
    return hmac.new(secret, info, SUITES[len(secret)][0]).digest()[:length]


class Direction:
    """One secret's records, in their order."""

    def __init__(self, secret):
        self.secret, self.number = secret, 0
        self.vector = int.from_bytes(expand(secret, b"iv", 12), "big")
        self.suites = [(opener, expand(secret, b"key", length))
                       for opener, length in SUITES[len(secret)][1]]

    def open(self, header, sealed):
        """What is in it, or None."""
        nonce = (self.vector ^ self.number).to_bytes(12, "big")
        for opener, key in self.suites:
            text = opener(key, nonce, header, sealed)
            if text is not None:
                self.suites = [(opener, key)]
                self.number += 1
                return text
        return None

    def next(self):
        return Direction(expand(self.secret, b"traffic upd",
                                len(self.secret)))


def records(text):
    at = 0
    while at + 5 <= len(text):
        length = int.from_bytes(text[at + 3:at + 5], "big")
        if at + 5 + length > len(text):
            return
        yield text[at:at + 5], text[at + 5:at + 5 + length]
        at += 5 + length


def said(text, log):
    """The application's bytes. Early ones count where the server took them,
    which the client's end of them tells; else it sends them again."""
    # Record, message and version before it.
    random = text[11:43]
    phases = [Direction(log[label, random]) for label in PHASES
              if (label, random) in log]
    early = len(phases) == len(PHASES)
    held, found = b"", b""
    for header, sealed in records(text):
        if header[0] != DATA:
            continue
        inner = None
        while phases:
            inner = phases[0].open(header, sealed)
            if inner is not None:
                break
            del phases[0]
            early, held = False, b""
        if inner is None:
            raise Sealed(f"no secret opens its record of {len(sealed)} bytes")
        inner = inner.rstrip(b"\0")
        kind, inner = inner[-1], inner[:-1]
        if kind == DATA and early:
            held += inner
        elif kind == DATA:
            found += inner
        elif kind == HANDSHAKE and inner[0] == END_OF_EARLY_DATA:
            found, early = held, False
            del phases[0]
        elif kind == HANDSHAKE and inner[0] == KEY_UPDATE:
            phases[0] = phases[0].next()
    return found
