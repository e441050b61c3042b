"""What mutate_files.py does to a file: to its bytes, its text, or the messages of a caffemodel; and small networks."""

import copy
import json
import re
import struct
import zlib

# Field -> message that stands in it.
SHAPE = {}
BLOB = {7: SHAPE}
LAYER = {7: BLOB, 6: {}, 100: {}, 106: {}}
V0_LAYER = {50: BLOB}
V1_LAYER = {1: V0_LAYER, 6: BLOB}
NET = {100: LAYER, 2: V1_LAYER}

HUGE = [0, 1, 2, 127, 255, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
NUMBERS = ["0", "-1", "1", "2", "3", "7", "255", "65536", "65537", "2147483647", "2147483648", "4294967295",
           "9223372036854775807", "18446744073709551616", "-9223372036854775808", "1e400", "-1e39", "1e-46", "1e30",
           "nan", "inf", "-inf", "0.5", "1.5e-7", "00", "0x7fffffff", "true", "null", "\"\"", "[]", "{}"]
FLOATS = [float("nan"), float("inf"), float("-inf"), 3.4e38, -3.4e38, 1e-45, 1e-38, 1e20, -0.0, 0.0, 1e10]
NAMES = [b"", b" ", b"a b", b"\x01\x1b[31mred", b"line\nbreak", b"tab\tand\rreturn", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80",
         b"\xf4\x90\x80\x80", "ünïcode-层".encode(), "\u202egnp".encode(), b"quote'\"\\", b"../../out", b"/etc/passwd",
         b"$(touch pwned)", b"`id`", b"-o", b"%s%n%d", b"n" * 200, b"long " * 1000, b"n" * 100000, b"{model}", b"a=b", b"con,v",
         b"_trial", b"x.tmp", b"data", b"conv", b".", b"..", "\u0085\u2028".encode(), b"\x7f\x80", b"nul\x00name"]
SMALL_NUMBERS = ["0", "1", "2", "3", "4", "5", "8", "16", "-1", "0.5", "0.001", "1e-30", "1e30"]
FINITE_FLOATS = [3.4e38, -3.4e38, 1e-45, 1e-38, -1e-20, 1e20, -0.0, 0.0, 1e10, 1.0]
JSON_VALUES = [0, -1, 1, 2, 3, 8, 255, 2**31, 2**63, 2**64, -2**63, 1e308, -1e39, 1e-320, 0.5, float("nan"), float("inf"), True, False,
               None, "", "conv", "fc", "nuq_quantize", "arq_quantize", "ü\u202e\u0001", "n" * 5000, "a\u0000b", "../x", [], {}, [1, 2], ["conv"], {"a": 1}]
SNIPPETS = ["{", "}", "[", "]", "\"", "'", ":", ",", "#", "\\", "\x00", "\x01", "\x7f", "é", "\udced\udca0\udc80", "layer {",
            "layers { layer { name: \"v0\" type: \"conv\" } }", "input: \"x\"", "include { phase: TRAIN }", "phase: TEST",
            "type: \"Python\"", "type: \"LSTM\"", "type: \"Split\"", "type: \"Reshape\"", "type: \"Quant\"",
            "bottom: \"data\"", "top: \"data\"", "top: \"fc\"", "bottom: \"fc\"", "group: 3", "dilation: 9", "pad: 100000", "axis: -5",
            "blobs { shape { dim: 4 } data: 1 }", "param { name: \"shared\" }", "blob_share_mode: STRICT",
            "batch_num: 0", "num_steps: 1", "num_steps: 300", "skip_layers: \"conv\"", "mean: [1, 2]", "\"first\": 3,",
            "\"count\": 99999999999,", "\"scale\": 1e39,", "\"batch_size\": 0,", "\"quant_enable\": false,"]


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("varint")


def decode(data, schema):
    """Entries [field, wire type, value]; a value is a number, bytes, or the entries of a message in the schema."""
    entries = []
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            value, at = read_varint(data, at)
        elif wire in (1, 2, 5):
            size = {1: 8, 5: 4}.get(wire)
            if size is None:
                size, at = read_varint(data, at)
            if at + size > len(data):
                raise ValueError("truncated")
            value = data[at : at + size]
            at += size
            if wire == 2 and field in schema:
                value = decode(value, schema[field])
        else:
            raise ValueError("wire type")
        entries.append([field, wire, value])
    return entries


def encode(entries):
    parts = []
    for field, wire, value in entries:
        parts.append(varint(field << 3 | wire))
        if isinstance(value, list):
            value = encode(value)
        if isinstance(value, int):
            parts.append(varint(value))
        else:
            parts.append((varint(len(value)) if wire == 2 else b"") + value)
    return b"".join(parts)


def all_messages(entries):
    """The lists of entries, of messages within messages too."""
    found = [entries]
    for _, _, value in entries:
        if isinstance(value, list):
            found += all_messages(value)
    return found


def mutate_entry(rng, message, others):
    at = rng.randrange(len(message))
    entry = message[at]
    kind = rng.randrange(8)
    if kind == 0:
        del message[at]
    elif kind == 1:
        message.insert(rng.randrange(len(message) + 1), copy.deepcopy(entry))
    elif kind == 2:
        message[at] = copy.deepcopy(rng.choice(rng.choice(others)))
    elif kind == 3:
        entry[0] = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 2**29 - 1])
    elif isinstance(entry[2], int):
        entry[2] = rng.choice(HUGE)
    elif isinstance(entry[2], bytes) and entry[1] == 2 and len(entry[2]) % 4 == 0 and len(entry[2]) >= 8 and kind < 7:
        value = bytearray(entry[2])
        for _ in range(rng.choice([1, 1, 3, 20])):
            place = 4 * rng.randrange(len(value) // 4)
            value[place : place + 4] = struct.pack("<f", rng.choice(FLOATS))
        entry[2] = bytes(value)
    elif isinstance(entry[2], bytes) and entry[1] == 2:
        choice = rng.randrange(3)
        if choice == 0:
            entry[2] = rng.choice(NAMES)
        elif choice == 1:
            entry[2] = b"".join(varint(rng.choice(HUGE)) for _ in range(rng.choice([1, 2, 4, 4, 9])))
        else:
            entry[2] = entry[2][: rng.randrange(len(entry[2]) + 1)]
    elif isinstance(entry[2], bytes):
        entry[2] = rng.randbytes(len(entry[2]))


def mutate_messages(rng, data):
    try:
        net = decode(data, NET)
    except (ValueError, IndexError):
        return mutate_bytes(rng, data)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        messages = [message for message in all_messages(net) if message]
        if messages:
            mutate_entry(rng, rng.choice(messages), messages)
    return encode(net)


def mutate_bytes(rng, data, other=b""):
    data = bytearray(data)
    kind = rng.randrange(9)
    at = rng.randrange(len(data) + 1)
    count = rng.choice([1, 2, 4, 16, 100, 1000])
    if kind <= 1:
        for _ in range(rng.choice([1, 1, 2, 8, 64])):
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 2:
        data[at : at + count] = bytes([rng.choice([0, 255, 127, 128, 10, 32])]) * len(data[at : at + count])
    elif kind == 3:
        data[at : at + count] = rng.randbytes(len(data[at : at + count]))
    elif kind == 4:
        del data[at:]
    elif kind == 5:
        del data[at : at + count]
    elif kind == 6:
        data[at:at] = rng.choice([rng.randbytes(count), varint(rng.choice(HUGE)), b"\xff" * count, b"\n" * count])
    elif kind == 7:
        begin = rng.randrange(len(data) + 1)
        data[at:at] = data[begin : begin + count]
    elif other:
        data[at:] = other[rng.randrange(len(other)) :]
    return bytes(data)


def nested(rng, text):
    depth = rng.choice([50, 300, 20000])
    opening, closing = rng.choice([("[", "]"), ("{", "}"), ("{\"a\":", "}"), ("layer {", "}"), ("unknown_param {", "}"), ("\"", "\"")])
    at = rng.randrange(len(text) + 1)
    return text[:at] + opening * depth + closing * (depth if rng.random() < 0.7 else 1) + text[at:]


def json_places(value):
    """All containers with a key or an index each."""
    places = []
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            places += [(value, key)] + json_places(value[key])
    return places


def mutate_json(rng, data, other=b"{}"):
    """Well-formed JSON with other values; now and then what mutate_text makes of it."""
    if rng.random() < 0.3:
        return mutate_text(rng, data, other)
    document, source = json.loads(data), json_places(json.loads(other))
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        places = json_places(document)
        if not places:
            break
        container, key = rng.choice(places)
        kind = rng.randrange(8)
        if kind == 0:
            del container[key]
        elif kind == 1 and source:
            part, of = rng.choice(source)
            container[key] = copy.deepcopy(part[of])
        elif kind == 2 and isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        elif kind == 3 and isinstance(container, dict):
            container[rng.choice(["", "conv", "x", "ü\u202e\u0001", "n" * 5000])] = container.pop(key)
        elif kind <= 5 and isinstance(container[key], (int, float)) and not isinstance(container[key], bool):
            container[key] = json.loads(rng.choice(SMALL_NUMBERS))
        elif kind == 4 and isinstance(container[key], bool):
            container[key] = not container[key]
        else:
            container[key] = copy.deepcopy(rng.choice(JSON_VALUES))
    return json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogateescape")


def mutate_number(rng, data):
    """Text with another plausible number."""
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(rng.choice([1, 1, 2, 4])):
        numbers = list(re.finditer(r"(?<=: )-?\d[\d.eE+-]*", text))
        if numbers:
            found = rng.choice(numbers)
            text = text[: found.start()] + rng.choice(SMALL_NUMBERS) + text[found.end() :]
    return text.encode("utf-8", "surrogateescape")


def mutate_floats(rng, data):
    """A caffemodel with other finite weights."""
    try:
        net = decode(data, NET)
    except (ValueError, IndexError):
        return mutate_bytes(rng, data)
    blobs = [entry for message in all_messages(net) for entry in message if entry[1] == 2 and isinstance(entry[2], bytes) and len(entry[2]) >= 16 and len(entry[2]) % 4 == 0]
    for entry in rng.sample(blobs, min(len(blobs), rng.choice([1, 1, 2, 9]))):
        value = bytearray(entry[2])
        if rng.random() < 0.3:
            value[:] = struct.pack("<f", rng.choice(FINITE_FLOATS)) * (len(value) // 4)
        for _ in range(rng.choice([0, 1, 1, 3, 20])):
            place = 4 * rng.randrange(len(value) // 4)
            value[place : place + 4] = struct.pack("<f", rng.choice(FINITE_FLOATS))
        entry[2] = bytes(value)
    return encode(net)


def mutate_text(rng, data, other=b""):
    if rng.random() < 0.25:
        return mutate_bytes(rng, data, other)
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        kind = rng.randrange(10)
        if kind <= 2:
            numbers = list(re.finditer(r"(?<![\w\"])-?\d[\d.eE+-]*", text))
            if numbers:
                found = rng.choice(numbers)
                text = text[: found.start()] + rng.choice(NUMBERS) + text[found.end() :]
        elif kind == 3:
            words = list(re.finditer(r"\"[^\"\n]*\"|\w+", text))
            if words:
                found, source = rng.choice(words), rng.choice(words)
                text = text[: found.start()] + source.group() + text[found.end() :]
        elif kind == 4:
            strings = list(re.finditer(r"\"[^\"\n]*\"", text))
            if strings:
                found = rng.choice(strings)
                name = rng.choice(NAMES).decode("utf-8", "surrogateescape")
                text = text[: found.start() + 1] + name + text[found.end() - 1 :]
        elif kind == 5:
            at = rng.randrange(len(text) + 1)
            text = text[:at] + " " + rng.choice(SNIPPETS) + " " + text[at:]
        elif kind == 6:
            lines = text.split("\n")
            line = rng.randrange(len(lines))
            choice = rng.randrange(3)
            if choice == 0:
                del lines[line]
            elif choice == 1:
                lines.insert(rng.randrange(len(lines) + 1), lines[line])
            else:
                to = rng.randrange(len(lines))
                lines[line], lines[to] = lines[to], lines[line]
            text = "\n".join(lines)
        elif kind == 7:
            text = nested(rng, text)
        elif kind == 8:
            words = list(re.finditer(r"[\w\"]+\s*:\s*[^\s,}]+,?", text))
            if words:
                found = rng.choice(words)
                text = text[: found.start()] + (found.group() + " ") * rng.choice([0, 2, 3, 1000]) + text[found.end() :]
        elif other:
            at = rng.randrange(len(text) + 1)
            part = other.decode("utf-8", "surrogateescape")
            text = text[:at] + part[rng.randrange(len(part)) :]
    return text.encode("utf-8", "surrogateescape")


def escaped(name):
    """A string of a prototxt, in any bytes."""
    return b"".join(bytes([c]) if 32 <= c < 127 and c not in b"\"\\" else b"\\%03o" % c for c in name)


def renamed(prototxt, caffemodel, old, new):
    """Layers and blobs of one name under another, in both files."""
    prototxt = prototxt.replace(b"\"" + old + b"\"", b"\"" + escaped(new) + b"\"")
    try:
        net = decode(caffemodel, NET)
    except (ValueError, IndexError):
        return prototxt, caffemodel
    for message in all_messages(net):
        for entry in message:
            if entry[1] == 2 and entry[2] == old:
                entry[2] = new
    return prototxt, encode(net)


def with_journal_checksums(data):
    lines = []
    for line in data.split(b"\n"):
        text, space, _ = line.rpartition(b" ")
        lines.append(text + space + b"%08x" % zlib.crc32(text + space) if space else line)
    return b"\n".join(lines)


def with_packed_checksums(data):
    """A packed file whose size and checksums of header, text and directory fit its other bytes."""
    if len(data) < 48:
        return data
    file = bytearray(data)
    text, directory = struct.unpack_from("<Q", file, 16)[0], struct.unpack_from("<Q", file, 32)[0]
    struct.pack_into("<Q", file, 8, len(file))
    if text + directory <= len(file) - 48:
        struct.pack_into("<I", file, 24, zlib.crc32(file[48 : 48 + text]))
        struct.pack_into("<I", file, 40, zlib.crc32(file[48 + text : 48 + text + directory]))
    struct.pack_into("<I", file, 44, zlib.crc32(file[:44]))
    return bytes(file)


def npy(shape, values, kind="f"):
    """An array of float32 ("f"), float64 ("d"), int64 ("q") or bytes ("B")."""
    word = {"f": "<f4", "d": "<f8", "q": "<i8", "B": "|u1"}[kind]
    axes = "(" + "".join(f"{extent}, " for extent in shape) + ")"
    header = f"{{'descr': '{word}', 'fortran_order': False, 'shape': {axes}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}{kind}", *values)


def idx(shape, values):
    return struct.pack(">I", 0x800 + len(shape)) + struct.pack(f">{len(shape)}I", *shape) + bytes(values)


def blob(shape, seed, centre=0.0, width=1.0):
    count = 1
    for extent in shape:
        count *= extent
    values = [centre + width * (((index * 7919 + index * index * 104729 + seed * 31) % 65536) / 65536 - 0.5)
              for index in range(count)]
    return [[7, 2, [[1, 2, b"".join(varint(extent) for extent in shape)]]], [5, 2, struct.pack(f"<{count}f", *values)]]


def layer(name, kind, *blobs):
    return [100, 2, [[1, 2, name.encode()], [2, 2, kind.encode()]] + [[7, 2, one] for one in blobs]]


class Network:
    """A pair of files, the shapes of its inputs by blob, and the blob that it computes."""

    def __init__(self, name, prototxt, caffemodel, inputs, output, weight):
        self.name, self.prototxt, self.caffemodel = name, prototxt, caffemodel
        self.inputs, self.output, self.weight = inputs, output, weight


def small_networks():
    networks = []

    def add(name, prototxt, layers, inputs, output, weight=10):
        networks.append(Network(name, prototxt.encode(), encode(layers), inputs, output, weight))

    add("tiny", """name: "tiny"
input: "data"
input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 3 bias_term: false } }
""", [layer("conv", "Convolution", blob([2, 1, 3, 3], 1))], {"data": [1, 4, 4]}, "conv")

    add("plain", """name: "plain" input: "data" input_shape { dim: 1 dim: 2 dim: 6 dim: 6 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
layer { name: "relu" type: "PReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "pool" top: "up" convolution_param { num_output: 2 kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "up" top: "fc" inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
""", [layer("conv", "Convolution", blob([4, 2, 3, 3], 1), blob([4], 2)),
      layer("bn", "BatchNorm", blob([4], 3), blob([4], 4, 0.8), blob([1], 5, 1.0, 0.0)),
      layer("scale", "Scale", blob([4], 6, 1.0), blob([4], 7)), layer("relu", "PReLU", blob([4], 8)),
      layer("up", "Deconvolution", blob([4, 2, 2, 2], 9), blob([2], 10)),
      layer("fc", "InnerProduct", blob([3, 32], 11), blob([3], 12))], {"data": [2, 6, 6]}, "prob", 20)

    add("branches", """name: "branches"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 dim: 8 dim: 8 } } }
layer { name: "depthwise" type: "Convolution" bottom: "data" top: "depthwise" convolution_param { num_output: 4 group: 4 kernel_size: 3 pad: 1 } }
layer { name: "dilated" type: "Convolution" bottom: "data" top: "dilated" convolution_param { num_output: 4 kernel_h: 3 kernel_w: 1 pad_h: 2 dilation: 2 dilation: 1 bias_term: false } }
layer { name: "sum" type: "Eltwise" bottom: "depthwise" bottom: "dilated" top: "sum" eltwise_param { coeff: 1 coeff: -2 } }
layer { name: "relu" type: "ReLU" bottom: "sum" top: "sum" relu_param { negative_slope: 0.1 } }
layer { name: "slice" type: "Slice" bottom: "sum" top: "a" top: "b" slice_param { slice_point: 1 } }
layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" bottom: "data" top: "cat" }
layer { name: "lrn" type: "LRN" bottom: "cat" top: "lrn" lrn_param { local_size: 3 } }
layer { name: "one" type: "Convolution" bottom: "lrn" top: "one" param { name: "w" } convolution_param { num_output: 8 kernel_size: 1 bias_term: false } }
layer { name: "two" type: "Convolution" bottom: "one" top: "two" param { name: "w" } convolution_param { num_output: 8 kernel_size: 1 bias_term: false } }
layer { name: "shape" type: "Reshape" bottom: "two" top: "shape" reshape_param { shape { dim: 0 dim: -1 dim: 16 } } }
layer { name: "fc" type: "InnerProduct" bottom: "shape" top: "fc" inner_product_param { num_output: 5 axis: 2 } }
layer { name: "argmax" type: "ArgMax" bottom: "fc" top: "argmax" argmax_param { axis: 1 } }
""", [layer("depthwise", "Convolution", blob([4, 1, 3, 3], 1), blob([4], 2)), layer("dilated", "Convolution", blob([4, 4, 3, 1], 3)),
      layer("one", "Convolution", blob([8, 8, 1, 1], 4)), layer("two", "Convolution", blob([8, 8, 1, 1], 4)),
      layer("fc", "InnerProduct", blob([5, 16], 5), blob([5], 6))], {"data": [4, 8, 8]}, "fc", 20)

    old = [[2, 2, [[4, 2, b"conv"], [5, 0, 4], [6, 2, blob([3, 2, 3, 3], 1)], [6, 2, blob([3], 2)]]],
           [2, 2, [[4, 2, b"fc"], [5, 0, 14], [6, 2, blob([4, 48], 3)], [6, 2, blob([4], 4)]]]]
    add("old", """name: "old" input: "data" input_dim: 1 input_dim: 2 input_dim: 6 input_dim: 6
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 } }
layers { name: "relu" type: RELU bottom: "conv" top: "conv" }
layers { name: "fc" type: INNER_PRODUCT bottom: "conv" top: "fc" inner_product_param { num_output: 4 } }
layers { name: "prob" type: SOFTMAX bottom: "fc" top: "prob" }
""", old, {"data": [2, 6, 6]}, "prob")

    add("two_inputs", """name: "two" input: "x" input_shape { dim: 1 dim: 32 } input: "y" input_shape { dim: 1 dim: 3 dim: 5 dim: 5 }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc" inner_product_param { num_output: 16 bias_term: false } }
layer { name: "conv" type: "Convolution" bottom: "y" top: "conv" convolution_param { num_output: 16 kernel_size: 5 } }
layer { name: "flat" type: "Flatten" bottom: "conv" top: "flat" }
layer { name: "both" type: "Eltwise" bottom: "fc" bottom: "flat" top: "both" eltwise_param { operation: MAX } }
layer { name: "out" type: "InnerProduct" bottom: "both" top: "out" inner_product_param { num_output: 2 transpose: true } }
layer { name: "sigmoid" type: "Sigmoid" bottom: "out" top: "out" }
""", [layer("fc", "InnerProduct", blob([16, 32], 1)), layer("conv", "Convolution", blob([16, 3, 5, 5], 2), blob([16], 3)),
      layer("out", "InnerProduct", blob([16, 2], 4), blob([2], 5))], {"x": [32], "y": [3, 5, 5]}, "out")

    add("partly", """name: "partly" input: "data" input_shape { dim: 1 dim: 3 dim: 16 dim: 16 }
layer { name: "f" type: "Convolution" bottom: "data" top: "f" convolution_param { num_output: 8 kernel_size: 3 stride: 4 } }
layer { name: "prior" type: "PriorBox" bottom: "f" bottom: "data" top: "prior" prior_box_param { min_size: 4 max_size: 8 aspect_ratio: 2 flip: true variance: 0.1 } }
layer { name: "upsample" type: "Interp" bottom: "f" top: "up" interp_param { height: 8 width: 8 } }
layer { name: "odd" type: "Swoosh" bottom: "up" top: "odd" swoosh_param { beta: 2 } }
layer { name: "after" type: "Convolution" bottom: "odd" top: "after" convolution_param { num_output: 2 kernel_size: 1 } }
""", [layer("f", "Convolution", blob([8, 3, 3, 3], 1), blob([8], 2)), layer("after", "Convolution", blob([2, 8, 1, 1], 3), blob([2], 4))],
        {"data": [3, 16, 16]}, "up")
    return networks
