"""Pictures for tests, written with the standard library alone."""

import struct
import zlib


def save_png(name, pixels, height, width, channels=1):
    """`pixels`: bytes, row by row; grey, or red, green, blue."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    row = width * channels
    rows = b"".join(b"\0" + pixels[row * y:row * (y + 1)] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    with open(name, "wb") as stream:
        stream.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) +
                     chunk(b"IEND", b""))


def save_npy(name, descr, shape, content):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(name, "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content)


class Boxes:
    """Boxes of all sizes and greys on noise; the same ones for one seed."""

    def __init__(self, seed=1):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) % 2**31
        return (self.state >> 8) % limit

    def picture(self, height, width):
        pixels = bytearray(self.below(40) for _ in range(height * width))
        for _ in range(1 + self.below(4)):
            top, left, grey = self.below(height - 4), self.below(width - 4), 60 + self.below(190)
            for row in range(top, min(height, top + 3 + self.below(height))):
                for column in range(left, min(width, left + 3 + self.below(width))):
                    pixels[width * row + column] = grey
        return bytes(pixels)
