# SPDX-License-Identifier: MIT
"""Which build a kernel is: the build ID that its linker wrote into it.

It is the only thing that tells two builds of one version apart, and vmlinux,
bzImage and a running kernel all have it.
"""

import bz2
import hashlib
import lzma
import re
import struct
import tempfile
import zlib

from fault import Fault, run

# What a compressed kernel begins with, as scripts/extract-vmlinux of Linux
# knows it, and what unpacks it.
PACKED = (
    (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(31).decompress(data)),
    (b"\xfd7zXZ\x00", lambda data: lzma.LZMADecompressor().decompress(data)),
    (b"BZh", lambda data: bz2.BZ2Decompressor().decompress(data)),
    (b"\x5d\x00\x00", lambda data: lzma.LZMADecompressor().decompress(data)),
    (b"\x28\xb5\x2f\xfd", lambda data: by_program("zstd", data)),
    (b"\x02\x21\x4c\x18", lambda data: by_program("lz4", data)),
    (b"\x7fELF", bytes),
)


def by_program(name, data):
    return run(name, "--decompress", "--stdout", input=data)


def payload(path):
    """The ELF file that a bzImage is made of.

    Offsets are those of Documentation/arch/x86/boot.rst: setup_sects at 0x1f1,
    payload_offset and payload_length, from protocol 2.08 on, at 0x248. The
    last four bytes are the length when unpacked, in bytes, and belong to no
    format.
    """
    with open(path, "rb") as file:
        image = file.read()
    if image[0x1fe:0x200] != b"\x55\xaa" or image[0x202:0x206] != b"HdrS" or \
            struct.unpack_from("<H", image, 0x206)[0] < 0x208:
        raise Fault(f"{path}: this is not a bzImage")
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = ((image[0x1f1] or 4) + 1) * 512 + offset
    packed = image[start:start + length]
    for magic, unpack in PACKED:
        if packed.startswith(magic):
            try:
                return unpack(packed if magic == b"\x7fELF" else packed[:-4])
            except (zlib.error, lzma.LZMAError, OSError) as error:
                raise Fault(f"{path}: can't be unpacked: {error}") from None
    raise Fault(f"{path}: packed in a way that is not known: "
                f"{packed[:4].hex()}")


def release(path):
    """Of a bzImage, as uname(1) has it: kernel_version, at 0x20e, is an offset
    from 0x200."""
    with open(path, "rb") as file:
        head = file.read(0x10000)
    at = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    found = re.match(rb"[^ \0]+", head[at:at + 256])
    if not found:
        raise Fault(f"{path}: no release in it")
    return found[0].decode()


def build_id(path):
    """Of an ELF file, 40 hexadecimal digits; Fault where it has none."""
    said = run("readelf", "--notes", "--wide", path, text=True)
    found = re.search(r"Build ID: ([0-9a-f]{40})\b", said)
    if not found:
        raise Fault(f"{path}: no build ID in it")
    return found[1]


def build_id_of_bzimage(path):
    with tempfile.NamedTemporaryFile() as file:
        file.write(payload(path))
        file.flush()
        try:
            return build_id(file.name)
        except Fault as fault:
            raise Fault(str(fault).replace(file.name, path)) from None


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()
