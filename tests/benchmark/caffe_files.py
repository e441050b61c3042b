"""Reads the layers of a prototxt, and finds and replaces weights in a caffemodel without a protobuf library."""

import re

import numpy as np

LENGTH_DELIMITED = 2
# Field of a network's layers -> fields of a layer's name and blobs: the current format, V1.
LAYER_FIELDS = {100: (1, 7), 2: (4, 6)}
BLOB_DATA = 5


def layers_of(prototxt):
    """The layers of a prototxt: dictionaries of lists, a message in turn being such a dictionary."""
    with open(prototxt, encoding="utf-8") as file:
        text = re.sub(r"#[^\n]*", "", file.read())
    tokens = iter(re.findall(r'"[^"]*"|\'[^\']*\'|[{}]|[^\s{}:;,"\']+', text))

    def message():
        fields = {}
        for token in tokens:
            if token == "}":
                break
            value = next(tokens)
            fields.setdefault(token, []).append(message() if value == "{" else value.strip("\"'"))
        return fields

    network = message()
    return network.get("layer", []) + network.get("layers", [])


def _varint(content, at):
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(content, first, last):
    """Number, first and last position of the length-delimited fields of a message."""
    at = first
    while at < last:
        key, at = _varint(content, at)
        if key & 7 == LENGTH_DELIMITED:
            length, at = _varint(content, at)
            yield key >> 3, at, at + length
            at += length
        elif key & 7 == 0:
            _, at = _varint(content, at)
        else:
            at += {1: 8, 5: 4}[key & 7]


class Caffemodel:
    """A caffemodel in memory; `weights` are views into it, so that changing them changes it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self._content = bytearray(file.read())
        self._weights = {}  # layer -> position of its first blob's values
        for number, first, last in _fields(self._content, 0, len(self._content)):
            if number in LAYER_FIELDS:
                self._find_weights(*LAYER_FIELDS[number], first, last)

    def _find_weights(self, name_field, blobs_field, first, last):
        name, blobs = None, []
        for number, begin, end in _fields(self._content, first, last):
            if number == name_field:
                name = self._content[begin:end].decode()
            elif number == blobs_field:
                blobs.append((begin, end))
        for number, begin, end in _fields(self._content, *blobs[0]) if blobs else ():
            if number == BLOB_DATA:
                self._weights[name] = (begin, end)

    def weights(self, layer):
        """Values of a layer's first blob."""
        begin, end = self._weights[layer]
        return np.frombuffer(self._content, "<f4", (end - begin) // 4, begin)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self._content)
