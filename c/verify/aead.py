# SPDX-License-Identifier: MIT
"""What TLS 1.3's suites seal, opened: AES in GCM (FIPS 197, NIST SP 800-38D)
and ChaCha20-Poly1305 (RFC 8439). Slow, and for captures' few orders alone."""
import struct


def box():
    """AES' substitution, by the inverses of GF(2^8)."""
    found, p, q = [0x63] * 256, 1, 1
    while True:
        p ^= (p << 1 ^ (0x11b if p & 128 else 0)) & 0x1ff  # times 3
        for shift in (1, 2, 4):  # over 3
            q ^= q << shift & 0xff
        q ^= 9 if q & 128 else 0
        found[p] = q ^ 0x63
        for shift in (1, 2, 3, 4):
            found[p] ^= (q << shift | q >> 8 - shift) & 0xff
        if p == 1:
            return found


BOX = box()
TWICE = [(n << 1) ^ (0x11b if n & 128 else 0) for n in range(256)]


def aes_keys(key):
    words, step = [list(key[i:i + 4]) for i in range(0, len(key), 4)], 1
    count = len(words)
    while len(words) < 4 * (count + 7):
        word = words[-1]
        if len(words) % count == 0:
            word = [BOX[byte] for byte in word[1:] + word[:1]]
            word[0] ^= step
            step = TWICE[step]
        elif count > 6 and len(words) % count == 4:
            word = [BOX[byte] for byte in word]
        words.append([a ^ b for a, b in zip(words[-count], word)])
    return [sum(words[i:i + 4], []) for i in range(0, len(words), 4)]


def aes(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < len(keys) - 1:
            mixed = []
            for i in range(0, 16, 4):
                a, b, c, d = state[i:i + 4]
                every = a ^ b ^ c ^ d
                mixed += [a ^ every ^ TWICE[a ^ b], b ^ every ^ TWICE[b ^ c],
                          c ^ every ^ TWICE[c ^ d], d ^ every ^ TWICE[d ^ a]]
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def ghash(point, text):
    found = 0
    for at in range(0, len(text), 16):
        found ^= int.from_bytes(text[at:at + 16], "big")
        product, factor = 0, point
        for bit in range(127, -1, -1):
            product ^= factor if found >> bit & 1 else 0
            factor = factor >> 1 ^ (0xe1 << 120 if factor & 1 else 0)
        found = product
    return found


def padded(text):
    return text + bytes(-len(text) % 16)


def gcm(key, nonce, header, sealed):
    """The text, or None: it was not sealed so."""
    keys, text, tag = aes_keys(key), sealed[:-16], sealed[-16:]
    point = int.from_bytes(aes(keys, bytes(16)), "big")
    sum_ = ghash(point, padded(header) + padded(text) + struct.pack(
        ">QQ", 8 * len(header), 8 * len(text)))
    first = int.from_bytes(aes(keys, nonce + b"\0\0\0\1"), "big")
    if (sum_ ^ first).to_bytes(16, "big") != tag:
        return None
    stream = b"".join(aes(keys, nonce + struct.pack(">I", 2 + i))
                      for i in range((len(text) + 15) // 16))
    return bytes(a ^ b for a, b in zip(text, stream))


def chacha(key, number, nonce):
    begin = struct.unpack("<16I", b"expand 32-byte k" + key +
                          struct.pack("<I", number) + nonce)
    s = list(begin)
    for step in range(80):
        # Columns, then diagonals.
        i, shift = step % 4, step // 4 % 2
        a, b, c, d = i, 4 + (i + shift) % 4, 8 + (i + 2 * shift) % 4, \
            12 + (i + 3 * shift) % 4
        for to, other, turned, by in ((a, b, d, 16), (c, d, b, 12),
                                      (a, b, d, 8), (c, d, b, 7)):
            s[to] = (s[to] + s[other]) & 0xffffffff
            n = s[turned] ^ s[to]
            s[turned] = (n << by | n >> 32 - by) & 0xffffffff
    return struct.pack("<16I", *((a + b) & 0xffffffff
                                 for a, b in zip(s, begin)))


def poly1305(key, nonce, header, sealed):
    """As gcm()."""
    text, tag = sealed[:-16], sealed[-16:]
    once = chacha(key, 0, nonce)
    r = int.from_bytes(once[:16], "little") & \
        0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    said = padded(header) + padded(text) + struct.pack(
        "<QQ", len(header), len(text))
    for at in range(0, len(said), 16):
        total = (total + int.from_bytes(said[at:at + 16] + b"\1",
                                        "little")) * r % ((1 << 130) - 5)
    total += int.from_bytes(once[16:32], "little")
    if (total % (1 << 128)).to_bytes(16, "little") != tag:
        return None
    stream = b"".join(chacha(key, 1 + i, nonce)
                      for i in range((len(text) + 63) // 64))
    return bytes(a ^ b for a, b in zip(text, stream))
