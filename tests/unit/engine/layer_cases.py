#!/usr/bin/env python3
"""Writes layer_cases.hpp: one small network for each parameter of each layer type of BVLC Caffe, and what it computes.

    python3 tests/unit/engine/layer_cases.py      # needs numpy; writes the same file whenever it runs

The wanted values come from the loops below, in double, written from the published definitions of the layers, value by
value: nothing of the library's way to compute. A new case is one call at the end of the file.
"""

import itertools
import math
import pathlib

import numpy as np

CASES = []


def values(shape, seed=0):
    """Eighths from -14/8 to 14/8 without an order, exact in float."""
    index = np.arange(math.prod(shape))
    return ((3 * index * index + 7 * index + 5 * seed) % 29 - 14).reshape(shape) / 8.0


def numbers(*args):
    return np.array(args, dtype=float)


def places(shape):
    return itertools.product(*(range(extent) for extent in shape))


def shape_text(shape):
    return "shape { " + "".join(f"dim: {extent} " for extent in shape) + "}"


def network(name, text, inputs, wanted, blobs=None):
    """A case. inputs and wanted: arrays by blob; blobs: arrays by layer."""
    CASES.append((name, text, inputs, blobs or {}, wanted))


def case(layer_type, about, parameters, inputs, wanted, blobs=()):
    """A case of one layer, whose bottoms are a, b, ... and whose tops are y, y1, ..."""
    bottoms = dict(zip("abcdefgh", inputs))
    tops = {f"y{index or ''}": array for index, array in enumerate(wanted)}
    text = "".join(f"input: '{blob}' input_{shape_text(array.shape)} " for blob, array in bottoms.items())
    text += f"layer {{ name: 'l' type: '{layer_type}' "
    text += "".join(f"bottom: '{blob}' " for blob in bottoms) + "".join(f"top: '{blob}' " for blob in tops)
    text += parameters + (" }" if parameters else "}")
    text = text.replace("{  }", "{ }").replace("  }", " }")
    network(f"{layer_type}: {about}", text, bottoms, tops, {"l": list(blobs)} if len(blobs) else {})


# Windows -------------------------------------------------------------------------------------------------------------


def tap_place(position, tap, stride, pad, dilation):
    return tuple(p * s - q + t * d for p, s, q, t, d in zip(position, stride, pad, tap, dilation))


def is_inside(place, extents):
    return all(0 <= at < extent for at, extent in zip(place, extents))


def convolution(x, w, b, stride, pad, dilation, group=1, axis=1, pad_end=None):
    """y[o] = b[o] + sum over i, tap of w[o, i, tap] x[group of o, i, position * stride - pad + tap * dilation]."""
    batch, channels, extents = x.shape[:axis], x.shape[axis], x.shape[axis + 1:]
    kernel, outputs, ins = w.shape[2:], w.shape[0], channels // group
    out = tuple((e + p + q - (d * (k - 1) + 1)) // s + 1
                for e, p, q, d, k, s in zip(extents, pad, pad_end or pad, dilation, kernel, stride))
    y = np.zeros(batch + (outputs,) + out)
    for n, o, position in itertools.product(places(batch), range(outputs), places(out)):
        total = 0.0 if b is None else b[o]
        for i, tap in itertools.product(range(ins), places(kernel)):
            place = tap_place(position, tap, stride, pad, dilation)
            if is_inside(place, extents):
                total += w[(o, i) + tap] * x[n + (o // (outputs // group) * ins + i,) + place]
        y[n + (o,) + position] = total
    return y


def deconvolution(x, w, b, stride, pad, dilation, group=1, axis=1):
    """Every x[i, position] adds w[i, o, tap] x to y[group of i, o, position * stride - pad + tap * dilation]."""
    batch, channels, extents = x.shape[:axis], x.shape[axis], x.shape[axis + 1:]
    kernel, outs = w.shape[2:], w.shape[1]
    out = tuple(s * (e - 1) + d * (k - 1) + 1 - 2 * p for e, p, d, k, s in zip(extents, pad, dilation, kernel, stride))
    y = np.zeros(batch + (outs * group,) + out)
    for n, i, o, position, tap in itertools.product(places(batch), range(channels), range(outs), places(extents),
                                                    places(kernel)):
        place = tap_place(position, tap, stride, pad, dilation)
        if is_inside(place, out):
            y[n + (i // (channels // group) * outs + o,) + place] += w[(i, o) + tap] * x[n + (i,) + position]
    if b is not None:
        for n, o in itertools.product(places(batch), range(outs * group)):
            y[n + (o,)] += b[o]
    return y


def im2col(x, kernel, stride, pad, dilation, axis=1, pad_end=None):
    """The taps of all channels as channels: y[channel, tap, position], 0 outside of the input."""
    batch, channels, extents = x.shape[:axis], x.shape[axis], x.shape[axis + 1:]
    out = tuple((e + p + q - (d * (k - 1) + 1)) // s + 1
                for e, p, q, d, k, s in zip(extents, pad, pad_end or pad, dilation, kernel, stride))
    y = np.zeros(batch + (channels * math.prod(kernel),) + out)
    for n, c, (number, tap), position in itertools.product(places(batch), range(channels), enumerate(places(kernel)),
                                                           places(out)):
        place = tap_place(position, tap, stride, pad, dilation)
        if is_inside(place, extents):
            y[n + (c * math.prod(kernel) + number,) + position] = x[n + (c,) + place]
    return y


def pooled_extent(extent, kernel, stride, pad, pad_end, ceil, padded):
    steps = (extent + pad + pad_end - kernel) / stride
    count = (math.ceil(steps) if ceil else math.floor(steps)) + 1
    if padded and (count - 1) * stride >= extent + pad:
        count -= 1  # the last window would begin behind the input
    return count


def pooling(x, method, kernel, stride=(1, 1), pad=(0, 0), ceil=True, pad_end=None):
    """Maxima, where they stand in the plane, averages (over pads too, or not), or expectations, window by window."""
    pad_end = pad_end or pad
    images, channels, height, width = x.shape
    padded = any(pad) or any(pad_end)
    rows, cols = (pooled_extent(*args, ceil, padded) for args in zip(x.shape[2:], kernel, stride, pad, pad_end))
    y = np.zeros((images, channels, rows, cols))
    mask = np.zeros_like(y)
    for n, c, r, q in places(y.shape):
        top, left = r * stride[0] - pad[0], q * stride[1] - pad[1]
        bottom, right = min(top + kernel[0], height + pad_end[0]), min(left + kernel[1], width + pad_end[1])
        size = (bottom - top) * (right - left)
        window = [(x[n, c, h, w], h * width + w)
                  for h in range(max(top, 0), min(bottom, height)) for w in range(max(left, 0), min(right, width))]
        if method == "MAX":
            best = window[0]
            for entry in window:
                best = entry if entry[0] > best[0] else best  # the first of equal ones
            y[n, c, r, q], mask[n, c, r, q] = best
        elif method == "AVE":
            y[n, c, r, q] = sum(value for value, _ in window) / size
        elif method == "AVE_EXC_PAD":
            y[n, c, r, q] = sum(value for value, _ in window) / len(window)
        else:  # the expectation of STOCHASTIC
            y[n, c, r, q] = sum(value * value for value, _ in window) / sum(value for value, _ in window)
    return y, mask


def pyramid(x, method, height):
    """Poolings into 1, 2 x 2, 4 x 4, ... bins; the input is padded to a multiple of them on both sides."""
    levels = []
    for level in range(height):
        bins = 2 ** level
        kernel = tuple(math.ceil(extent / bins) for extent in x.shape[2:])
        pad = tuple((k * bins - extent + 1) // 2 for k, extent in zip(kernel, x.shape[2:]))
        levels.append(pooling(x, method, kernel, kernel, pad)[0])
    return levels[0] if height == 1 else np.concatenate([level.reshape(x.shape[0], -1) for level in levels], 1)


# Values along axes ---------------------------------------------------------------------------------------------------


def lrn_across(x, size, alpha, beta, k):
    """x / (k + alpha / size * sum of the squares of size channels)^beta."""
    y = np.zeros_like(x)
    for n, c, h, w in places(x.shape):
        total = sum(x[n, other, h, w] ** 2
                    for other in range(c - size // 2, c + size // 2 + 1) if 0 <= other < x.shape[1])
        y[n, c, h, w] = x[n, c, h, w] / (k + alpha / size * total) ** beta
    return y


def lrn_within(x, size, alpha, beta):
    """x / (1 + alpha / size^2 * sum of the squares of a size x size window)^beta: no k here."""
    y = np.zeros_like(x)
    for n, c, h, w in places(x.shape):
        total = sum(x[n, c, r, q] ** 2
                    for r in range(h - size // 2, h + size // 2 + 1) for q in range(w - size // 2, w + size // 2 + 1)
                    if 0 <= r < x.shape[2] and 0 <= q < x.shape[3])
        y[n, c, h, w] = x[n, c, h, w] / (1 + alpha / size ** 2 * total) ** beta
    return y


def mvn(x, across_channels=False, variance=True, eps=1e-9):
    """(x - mean) / (standard deviation + eps) of each channel, or of each image."""
    y = np.zeros_like(x)
    rows = places(x.shape[:1] if across_channels else x.shape[:2])
    for row in rows:
        centred = x[row] - x[row].mean()
        y[row] = centred / (math.sqrt((centred ** 2).mean()) + eps) if variance else centred
    return y


def batch_norm(x, mean, variance, factor, eps=1e-5):
    """The stored statistics are sums that weigh `factor`; nothing stored is 0."""
    scale = 0.0 if factor == 0 else 1 / factor
    y = np.zeros_like(x)
    for place in places(x.shape):
        c = place[1] if len(place) > 1 else 0
        y[place] = (x[place] - mean[c] * scale) / math.sqrt(variance[c] * scale + eps)
    return y


def along(x, factors, axis, combine):
    """combine(x, factor), the factors standing along the axes from `axis` on."""
    y = np.zeros_like(x)
    for place in places(x.shape):
        y[place] = combine(x[place], factors[place[axis:axis + factors.ndim]])
    return y


def add(x, y):
    return x + y


def multiply(x, y):
    return x * y


def softmax(x, axis):
    exponentials = np.exp(x - x.max(axis, keepdims=True))
    return exponentials / exponentials.sum(axis, keepdims=True)


def arg_max(x, top_k, axis=None, values_too=False):
    """Places of the largest values, the last ones first where values are equal."""
    def best(row):
        return sorted(((value, index) for index, value in enumerate(row)), reverse=True)[:top_k]

    if axis is not None:
        which = 0 if values_too else 1
        return np.apply_along_axis(lambda row: numbers(*(entry[which] for entry in best(row))), axis, x)
    images = []
    for image in x:
        found = best(image.ravel())
        images.append([[index for _, index in found]] + ([[value for value, _ in found]] if values_too else []))
    y = np.array(images, dtype=float)
    return y.reshape(y.shape + (1,) * (x.ndim - 3))


def reduction(x, operation, axis, coefficient=1.0):
    y = np.zeros(x.shape[:axis])
    for place in places(y.shape):
        tail = x[place].ravel()
        y[place] = coefficient * {"SUM": sum(tail), "ASUM": sum(abs(tail)), "SUMSQ": sum(tail * tail),
                                  "MEAN": sum(tail) / tail.size}[operation]
    return y.reshape(1) if axis == 0 else y  # Caffe: no axes


# Recurrent -----------------------------------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, marks, w, b, w_hidden, static=None, w_static=None, h0=None, c0=None):
    """Gates i, f, o, g; where a mark is 0 a sequence begins and the state before it is forgotten."""
    steps, streams = marks.shape
    hidden = w_hidden.shape[1]
    h = np.zeros((streams, hidden)) if h0 is None else h0[0].copy()
    c = np.zeros((streams, hidden)) if c0 is None else c0[0].copy()
    y = np.zeros((steps, streams, hidden))
    for t, n in places((steps, streams)):
        gates = w @ x[t, n].ravel() + b + w_hidden @ (marks[t, n] * h[n])
        if static is not None:
            gates += w_static @ static[n].ravel()
        i, f, o, g = gates.reshape(4, hidden)
        c[n] = marks[t, n] * sigmoid(f) * c[n] + sigmoid(i) * np.tanh(g)
        h[n] = sigmoid(o) * np.tanh(c[n])
        y[t, n] = h[n]
    return y, h[np.newaxis], c[np.newaxis]


def rnn(x, marks, w, b, w_hidden, w_out, b_out, static=None, w_static=None, h0=None):
    steps, streams = marks.shape
    hidden = w_hidden.shape[0]
    h = np.zeros((streams, hidden)) if h0 is None else h0[0].copy()
    y = np.zeros((steps, streams, hidden))
    for t, n in places((steps, streams)):
        total = w @ x[t, n].ravel() + b + w_hidden @ (marks[t, n] * h[n])
        if static is not None:
            total += w_static @ static[n].ravel()
        h[n] = np.tanh(total)
        y[t, n] = np.tanh(w_out @ h[n] + b_out)
    return y, h[np.newaxis]


# Cases: convolutions -------------------------------------------------------------------------------------------------


def conv_case(about, parameters, x, outputs, kernel, stride=None, pad=None, dilation=None, group=1, axis=1, bias=True,
              pad_end=None, transposed=False, then=lambda y: y, layer_type=None):
    ones, channels = (1,) * len(kernel), x[axis]
    stride, pad, dilation = stride or ones, pad or (0,) * len(kernel), dilation or ones
    ends = (channels, outputs // group) if transposed else (outputs, channels // group)
    data, weights, offsets = values(x), values(ends + kernel, 1), values((outputs,), 2) if bias else None
    if transposed:
        y = deconvolution(data, weights, offsets, stride, pad, dilation, group, axis)
    else:
        y = convolution(data, weights, offsets, stride, pad, dilation, group, axis, pad_end)
    case(layer_type or ("Deconvolution" if transposed else "Convolution"), about,
         f"convolution_param {{ num_output: {outputs} {parameters} }}", [data], [then(y)],
         [weights] + ([offsets] if bias else []))


IMAGE = (2, 2, 4, 5)

for transposed in (False, True):
    def both(about, parameters, x, outputs, kernel, **rest):
        conv_case(about, parameters, x, outputs, kernel, transposed=transposed, **rest)

    both("one kernel size for all axes", "kernel_size: 3", IMAGE, 3, (3, 3))
    both("a kernel size for each axis", "kernel_size: 2 kernel_size: 3", IMAGE, 3, (2, 3))
    both("kernel_h and kernel_w", "kernel_h: 3 kernel_w: 1", IMAGE, 3, (3, 1))
    both("1 x 1", "kernel_size: 1", IMAGE, 3, (1, 1))
    both("1 x 1 with a stride", "kernel_size: 1 stride: 2", IMAGE, 3, (1, 1), stride=(2, 2))
    both("the kernel is the image", "kernel_h: 4 kernel_w: 5", IMAGE, 2, (4, 5))
    both("bias_term: false", "kernel_size: 2 bias_term: false", IMAGE, 3, (2, 2), bias=False)
    both("stride", "kernel_size: 2 stride: 2", IMAGE, 3, (2, 2), stride=(2, 2))
    both("a stride for each axis", "kernel_size: 2 stride: 3 stride: 2", IMAGE, 2, (2, 2), stride=(3, 2))
    both("stride_h and stride_w", "kernel_size: 2 stride_h: 1 stride_w: 3", IMAGE, 2, (2, 2), stride=(1, 3))
    both("pad", "kernel_size: 3 pad: 1", IMAGE, 2, (3, 3), pad=(1, 1))
    both("a pad for each axis", "kernel_size: 3 pad: 0 pad: 2", IMAGE, 2, (3, 3), pad=(0, 2))
    both("pad_h and pad_w", "kernel_size: 3 pad_h: 2 pad_w: 1", IMAGE, 2, (3, 3), pad=(2, 1))
    both("dilation", "kernel_size: 2 dilation: 2", IMAGE, 2, (2, 2), dilation=(2, 2))
    both("a dilation for each axis, with pad and stride", "kernel_size: 2 dilation: 3 dilation: 2 pad: 1 stride: 2",
         IMAGE, 2, (2, 2), dilation=(3, 2), pad=(1, 1), stride=(2, 2))
    both("dilation_h and dilation_w", "kernel_size: 2 dilation_h: 1 dilation_w: 3", IMAGE, 2, (2, 2), dilation=(1, 3))
    both("hole", "kernel_size: 2 hole: 2", IMAGE, 2, (2, 2), dilation=(2, 2))
    both("hole_h and hole_w", "kernel_size: 2 hole_h: 2 hole_w: 3", IMAGE, 2, (2, 2), dilation=(2, 3))
    both("group", "kernel_size: 3 group: 2", (1, 4, 4, 3), 6, (3, 3), group=2)
    both("as many groups as channels", "kernel_size: 3 group: 3 pad: 1", (1, 3, 4, 4), 3, (3, 3), pad=(1, 1), group=3)
    both("a multiplier of channels", "kernel_size: 2 group: 2", (1, 2, 3, 3), 4, (2, 2), group=2)
    both("groups, dilated and with strides", "kernel_size: 3 group: 2 dilation: 2 stride: 2 pad: 2",
         (1, 4, 5, 4), 4, (3, 3), group=2, dilation=(2, 2), stride=(2, 2), pad=(2, 2))
    both("one spatial axis", "kernel_size: 3 stride: 2 pad: 1", (2, 3, 7), 2, (3,), stride=(2,), pad=(1,))
    both("three spatial axes", "kernel_size: 2 stride: 2 stride: 1 stride: 1 pad: 1 pad: 0 pad: 0 dilation: 1 "
         "dilation: 1 dilation: 2", (1, 2, 3, 3, 4), 2, (2, 2, 2), stride=(2, 1, 1), pad=(1, 0, 0), dilation=(1, 1, 2))
    both("axis: 2", "kernel_size: 2 axis: 2", (2, 2, 2, 3, 3), 2, (2, 2), axis=2)
    both("axis: -3", "kernel_size: 2 axis: -3", (2, 1, 2, 3, 3), 2, (2, 2), axis=2)
    both("axis: 0, no batch", "kernel_size: 2 axis: 0", (2, 3, 3), 2, (2, 2), axis=0)

conv_case("a pad for each side", "kernel_size: 3 pad_l: 1 pad_r: 2 pad_t: 3 pad_b: 1", IMAGE, 2, (3, 3), pad=(3, 1),
          pad_end=(1, 2))
conv_case("relu", "kernel_size: 2 relu: true", IMAGE, 2, (2, 2), then=lambda y: np.maximum(y, 0))
conv_case("relu with negative_slope", "kernel_size: 2 relu: true negative_slope: 0.25", IMAGE, 2, (2, 2),
          then=lambda y: np.where(y > 0, y, y / 4))
first, second, kernels = values((1, 2, 3, 3)), values((1, 2, 3, 3), 3), values((2, 2, 2, 2), 1)
case("Convolution", "two bottoms", "convolution_param { num_output: 2 kernel_size: 2 bias_term: false }",
     [first, second], [convolution(x, kernels, None, (1, 1), (0, 0), (1, 1)) for x in (first, second)], [kernels])
case("Deconvolution", "two bottoms", "convolution_param { num_output: 2 kernel_size: 2 bias_term: false }",
     [first, second], [deconvolution(x, kernels, None, (1, 1), (0, 0), (1, 1)) for x in (first, second)], [kernels])
# Equal pads are the same for both; unequal ones cut what they say off each side of the transpose.
full = deconvolution(first, kernels, None, (3, 3), (0, 0), (1, 1))
case("Deconvolution", "a pad for each side", "convolution_param { num_output: 2 kernel_size: 2 stride: 3 "
     "bias_term: false pad_l: 1 pad_r: 2 pad_t: 3 pad_b: 1 }", [first], [full[:, :, 3:-1, 1:-2]], [kernels])

for about, parameters, shape, kernel, stride, pad, dilation, axis, pad_end in (
        ("kernel_size", "kernel_size: 2", (1, 2, 3, 3), (2, 2), (1, 1), (0, 0), (1, 1), 1, None),
        ("kernel_h and kernel_w", "kernel_h: 1 kernel_w: 2", (1, 2, 2, 3), (1, 2), (1, 1), (0, 0), (1, 1), 1, None),
        ("stride and pad", "kernel_size: 3 stride: 2 pad: 1", (2, 1, 4, 3), (3, 3), (2, 2), (1, 1), (1, 1), 1, None),
        ("a stride and a pad by name", "kernel_size: 2 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 2", (1, 1, 3, 3), (2, 2),
         (1, 2), (1, 2), (1, 1), 1, None),
        ("dilation", "kernel_size: 2 dilation: 2", (1, 1, 4, 4), (2, 2), (1, 1), (0, 0), (2, 2), 1, None),
        ("dilation_h and dilation_w", "kernel_size: 2 dilation_h: 1 dilation_w: 2", (1, 1, 3, 4), (2, 2), (1, 1),
         (0, 0), (1, 2), 1, None),
        ("hole", "kernel_size: 2 hole: 2", (1, 1, 3, 4), (2, 2), (1, 1), (0, 0), (2, 2), 1, None),
        ("hole_h and hole_w", "kernel_size: 2 hole_h: 2 hole_w: 3", (1, 1, 3, 4), (2, 2), (1, 1), (0, 0), (2, 3), 1,
         None),
        ("a pad for each side", "kernel_size: 3 pad_l: 1 pad_r: 2 pad_t: 3 pad_b: 1", (1, 1, 2, 2), (3, 3), (1, 1),
         (3, 1), (1, 1), 1, (1, 2)),
        ("one spatial axis", "kernel_size: 2", (1, 2, 4), (2,), (1,), (0,), (1,), 1, None),
        ("three spatial axes", "kernel_size: 2", (1, 1, 2, 3, 3), (2, 2, 2), (1, 1, 1), (0, 0, 0), (1, 1, 1), 1, None),
        ("axis: 2", "kernel_size: 2 axis: 2", (2, 1, 2, 2, 3), (2, 2), (1, 1), (0, 0), (1, 1), 2, None)):
    data = values(shape)
    case("Im2col", about, f"convolution_param {{ {parameters} }}", [data],
         [im2col(data, kernel, stride, pad, dilation, axis, pad_end)])

# Cases: inner products, lookup ---------------------------------------------------------------------------------------

for about, parameters, shape, axis, transpose, bias in (
        ("a matrix", "", (2, 5), 1, False, True),
        ("an image", "", (2, 2, 2, 3), 1, False, True),
        ("bias_term: false", "bias_term: false", (2, 5), 1, False, False),
        ("axis: 2", "axis: 2", (2, 2, 2, 3), 2, False, True),
        ("axis: -1", "axis: -1", (2, 2, 3), 2, False, True),
        ("axis: 0", "axis: 0", (2, 3), 0, False, True),
        ("transpose", "transpose: true", (2, 5), 1, True, True),
        ("transpose and axis, no bias", "transpose: true axis: 2 bias_term: false", (2, 2, 4), 2, True, False)):
    data, depth = values(shape), math.prod(shape[axis:])
    weights, offsets = values((depth, 3) if transpose else (3, depth), 1), values((3,), 2)
    y = np.zeros(shape[:axis] + (3,))
    for place in places(y.shape):
        row = data[place[:-1]].ravel()
        y[place] = sum(row[k] * (weights[k, place[-1]] if transpose else weights[place[-1], k]) for k in range(depth))
        y[place] += offsets[place[-1]] if bias else 0
    case("InnerProduct", about, f"inner_product_param {{ num_output: 3 {parameters} }}", [data], [y],
         [weights] + ([offsets] if bias else []))

for about, parameters, ids, bias in (("with a bias", "", numbers(3, 0, 3, 1), True),
                                     ("bias_term: false, two axes", "bias_term: false",
                                      numbers(1, 2, 0, 3, 3, 1).reshape(2, 3), False)):
    table, offsets = values((4, 3), 1), values((3,), 2)
    y = np.zeros(ids.shape + (3,))
    for place in places(ids.shape):
        y[place] = table[int(ids[place])] + (offsets if bias else 0)
    case("Embed", about, f"embed_param {{ num_output: 3 input_dim: 4 {parameters} }}", [ids], [y],
         [table] + ([offsets] if bias else []))

data = values((3, 2, 2))
case("BatchReindex", "items in another order, some twice", "", [data, numbers(2, 0, 0, 1, 2)], [data[[2, 0, 0, 1, 2]]])
case("BatchReindex", "vectors, fewer of them", "", [values((3,)), numbers(1)], [values((3,))[1:2]])
case("Filter", "items whose selector is not 0", "", [data, values((3, 4), 1), numbers(1, 0, 1)],
     [data[[0, 2]], values((3, 4), 1)[[0, 2]]])
case("Filter", "a selector of more axes", "", [data, numbers(0, 1, 0).reshape(3, 1, 1, 1)], [data[1:2]])

# Cases: pooling ------------------------------------------------------------------------------------------------------

for method in ("MAX", "AVE", "AVE_EXC_PAD", "STOCHASTIC"):
    def pool_case(about, parameters, shape, kernel, stride=(1, 1), pad=(0, 0), ceil=True, pad_end=None):
        if method == "STOCHASTIC" and (any(pad) or any(pad_end or ())):
            return
        data = values(shape)
        data = abs(data) + 0.125 if method == "STOCHASTIC" else data - 3 if "below 0" in about else data
        y, mask = pooling(data, method, kernel, stride, pad, ceil, pad_end)
        case("Pooling", f"{method}, {about}", f"pooling_param {{ pool: {method} {parameters} }}", [data],
             [y, mask] if method == "MAX" and "places" in about else [y])

    pool_case("places", "kernel_size: 2 stride: 2", (1, 2, 4, 4), (2, 2), (2, 2))
    pool_case("windows beyond the image", "kernel_size: 3 stride: 2", (1, 1, 6, 4), (3, 3), (2, 2))
    pool_case("kernel and stride by axis", "kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2", (1, 1, 4, 5), (3, 2),
              (1, 2))
    pool_case("pad, places", "kernel_size: 3 stride: 2 pad: 1", (1, 2, 5, 4), (3, 3), (2, 2), (1, 1))
    pool_case("pad, values below 0", "kernel_size: 3 stride: 1 pad: 1", (1, 1, 3, 3), (3, 3), (1, 1), (1, 1))
    pool_case("pad by axis", "kernel_size: 3 pad_h: 1 pad_w: 2 stride: 2", (1, 1, 5, 4), (3, 3), (2, 2), (1, 2))
    pool_case("a padded last window left out", "kernel_size: 2 stride: 3 pad: 1", (1, 1, 5, 5), (2, 2), (3, 3), (1, 1))
    pool_case("stride over the kernel", "kernel_size: 1 stride: 2", (1, 1, 5, 5), (1, 1), (2, 2))
    pool_case("global_pooling", "global_pooling: true", (2, 3, 2, 3), (2, 3))
    pool_case("round_mode", "kernel_size: 3 stride: 2 round_mode: FLOOR", (1, 1, 6, 4), (3, 3), (2, 2), ceil=False)
    pool_case("round_mode CEIL", "kernel_size: 3 stride: 2 round_mode: CEIL", (1, 1, 4, 4), (3, 3), (2, 2))
    pool_case("ceil_mode", "kernel_size: 3 stride: 2 ceil_mode: false", (1, 1, 6, 4), (3, 3), (2, 2), ceil=False)
    pool_case("a pad for each side", "kernel_size: 4 pad_l: 1 pad_r: 2 pad_t: 3 pad_b: 1", (1, 1, 3, 3), (4, 4),
              pad=(3, 1), pad_end=(1, 2))
data = values((1, 1, 4, 4))
case("Pooling", "AVE_TF, pad", "pooling_param { pool: AVE_TF kernel_size: 3 stride: 2 pad: 1 }", [data],
     [pooling(data, "AVE_EXC_PAD", (3, 3), (2, 2), (1, 1))[0]])
case("Pooling", "MAX by default", "pooling_param { kernel_size: 3 }", [data], [pooling(data, "MAX", (3, 3))[0]])

for method, height, shape in (("MAX", 1, (2, 2, 3, 4)), ("AVE", 1, (1, 2, 3, 4)), ("MAX", 2, (2, 2, 4, 4)),
                              ("MAX", 3, (1, 2, 7, 8)), ("AVE", 3, (2, 1, 6, 7))):
    data = values(shape)
    case("SPP", f"{method}, {height} levels", f"spp_param {{ pool: {method} pyramid_height: {height} }}", [data],
         [pyramid(data, method, height)])

# Cases: normalization ------------------------------------------------------------------------------------------------

data = values((2, 6, 2, 3))
case("LRN", "nothing given", "", [data], [lrn_across(data, 5, 1.0, 0.75, 1.0)])
case("LRN", "local_size, alpha, beta, k", "lrn_param { local_size: 3 alpha: 0.5 beta: 0.5 k: 2 }", [data],
     [lrn_across(data, 3, 0.5, 0.5, 2.0)])
case("LRN", "a beta without a root", "lrn_param { norm_region: ACROSS_CHANNELS beta: 0.9 }", [data],
     [lrn_across(data, 5, 1.0, 0.9, 1.0)])
case("LRN", "more channels than there are", "lrn_param { local_size: 15 alpha: 2 }", [data],
     [lrn_across(data, 15, 2.0, 0.75, 1.0)])
case("LRN", "one channel alone", "lrn_param { local_size: 1 }", [data], [lrn_across(data, 1, 1.0, 0.75, 1.0)])
data = values((1, 2, 5, 4))
case("LRN", "within channels", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 alpha: 2 beta: 0.5 }", [data],
     [lrn_within(data, 3, 2.0, 0.5)])
case("LRN", "within channels k does not count", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 7 k: 4 }", [data],
     [lrn_within(data, 7, 1.0, 0.75)])

for about, parameters, shape, factor, eps in (("statistics as they are", "", (2, 3, 2, 2), 1.0, 1e-5),
                                              ("statistics that weigh 4, eps", "batch_norm_param { eps: 0.25 }",
                                               (2, 3, 2), 4.0, 0.25),
                                              ("use_global_stats", "batch_norm_param { use_global_stats: true }",
                                               (2, 3), 0.5, 1e-5),
                                              ("nothing stored", "batch_norm_param { eps: 0.25 }", (1, 3, 1, 2), 0.0,
                                               0.25),
                                              ("a vector is one channel", "", (4,), 2.0, 1e-5)):
    channels = shape[1] if len(shape) > 1 else 1
    data, mean, variance = values(shape), values((channels,), 1), abs(values((channels,), 2)) + 0.5
    case("BatchNorm", about, parameters, [data], [batch_norm(data, mean, variance, factor, eps)],
         [mean, variance, numbers(factor)])
data, mean, variance = values((1, 3, 2, 2)), values((3,), 1), abs(values((3,), 2)) + 0.5
gamma, beta = values((3,), 3), values((3,), 4)
normal = batch_norm(data, mean, variance, 2.0)
case("BatchNorm", "scale_bias", "batch_norm_param { scale_bias: true }", [data],
     [along(along(normal, gamma, 1, multiply), beta, 1, add)], [mean, variance, numbers(2), gamma, beta])
case("BatchNorm", "relu", "batch_norm_param { relu: true }", [data], [np.maximum(normal, 0)],
     [mean, variance, numbers(2)])

for about, parameters, options in (("nothing given", "", {}),
                                   ("normalize_variance: false", "normalize_variance: false", {"variance": False}),
                                   ("across_channels", "across_channels: true", {"across_channels": True}),
                                   ("across_channels, mean alone", "across_channels: true normalize_variance: false",
                                    {"across_channels": True, "variance": False}),
                                   ("eps", "eps: 0.5", {"eps": 0.5})):
    data = values((2, 3, 2, 3))
    case("MVN", about, f"mvn_param {{ {parameters} }}", [data], [mvn(data, **options)])
case("MVN", "a matrix becomes an image", "mvn_param { across_channels: true }", [values((2, 5))],
     [mvn(values((2, 5)), across_channels=True).reshape(2, 5, 1, 1)])

for about, parameters, shape, axis in (("channels", "", (2, 4, 2, 2), 1), ("axis: 2", "softmax_param { axis: 2 }",
                                                                          (2, 3, 4), 2),
                                       ("axis: -1", "softmax_param { axis: -1 }", (1, 2, 2, 5), 3),
                                       ("axis: 0", "softmax_param { axis: 0 }", (5,), 0)):
    data = values(shape) * 3
    case("Softmax", about, parameters, [data], [softmax(data, axis)])
data = numbers(-90, 80, 100, 99).reshape(1, 4)
case("Softmax", "values far from 0", "", [data], [softmax(data, 1)])

# Cases: factors and offsets ------------------------------------------------------------------------------------------

for layer_type, message, combine in (("Scale", "scale_param", multiply), ("Bias", "bias_param", add)):
    data = values((2, 3, 2, 4))
    for about, parameters, axis, shape in (("channels", "", 1, (3,)), ("axis: 0", "axis: 0", 0, (2,)),
                                           ("axis: -1", "axis: -1", 3, (4,)),
                                           ("num_axes: 2", "num_axes: 2", 1, (3, 2)),
                                           ("num_axes: -1", "axis: 2 num_axes: -1", 2, (2, 4)),
                                           ("num_axes: 0, one value", "num_axes: 0", 0, ())):
        factors = values(shape, 1)
        case(layer_type, about, f"{message} {{ {parameters} }}", [data], [along(data, factors, axis, combine)],
             [factors.reshape(shape or (1,))])
    for about, parameters, axis, shape in (("two bottoms", "", 1, (3,)), ("two bottoms, axis: 0", "axis: 0", 0, (2, 3)),
                                           ("two bottoms, axis: 2", "axis: 2 num_axes: 1", 2, (2, 4)),
                                           ("two bottoms of one shape", "axis: 0", 0, (2, 3, 2, 4))):
        factors = values(shape, 1)
        case(layer_type, about, f"{message} {{ {parameters} }}", [data, factors],
             [along(data, factors, axis, combine)])
data, factors = values((2, 3, 2, 4)), values((3, 2), 1)
offsets = values((3, 2), 2)
scaled = along(along(data, factors, 1, multiply), offsets, 1, add)
case("Scale", "bias_term", "scale_param { bias_term: true num_axes: 2 }", [data], [scaled], [factors, offsets])
case("Scale", "bias_term, two bottoms", "scale_param { bias_term: true }", [data, factors], [scaled], [offsets])

# Cases: functions of one value ---------------------------------------------------------------------------------------

FAR = numbers(-80, -20, -2, -0.5, 0, 0.5, 2, 20, 80)


def function_case(layer_type, about, parameters, function, x=None, blobs=()):
    data = values((2, 2, 3)) if x is None else x
    with np.errstate(over="ignore"):
        case(layer_type, about, parameters, [data], [np.array([function(v) for v in data.ravel()]).reshape(data.shape)],
             blobs)


function_case("AbsVal", "both signs", "", abs)
function_case("BNLL", "log(1 + e^x)", "", lambda v: math.log1p(math.exp(v)) if v < 30 else v, FAR)
function_case("Clip", "min and max", "clip_param { min: -0.5 max: 0.75 }", lambda v: min(max(v, -0.5), 0.75))
function_case("Dropout", "nothing to do", "dropout_param { dropout_ratio: 0.25 }", lambda v: v)
function_case("Dropout", "scale_train: false", "dropout_param { dropout_ratio: 0.25 scale_train: false }",
              lambda v: v * 0.75)
function_case("ELU", "alpha 1", "", lambda v: v if v > 0 else math.expm1(v), FAR)
function_case("ELU", "alpha", "elu_param { alpha: 0.5 }", lambda v: v if v > 0 else 0.5 * math.expm1(v))
function_case("Exp", "base e", "", math.exp)
function_case("Exp", "base", "exp_param { base: 2 }", lambda v: 2.0 ** v)
function_case("Exp", "base, scale, shift", "exp_param { base: 0.5 scale: -2 shift: 0.25 }", lambda v: 0.5 **
              (0.25 - 2 * v))
function_case("Exp", "base: -1 is e", "exp_param { base: -1 }", math.exp)
function_case("Exp", "scale and shift, base e", "exp_param { scale: 0.5 shift: -1 }", lambda v: math.exp(0.5 * v - 1))
function_case("Log", "base e", "", math.log, numbers(0.0625, 0.5, 1, 3, 1000))
function_case("Log", "base", "log_param { base: 10 }", math.log10, numbers(0.0625, 0.5, 1, 3, 1000))
function_case("Log", "base, scale, shift", "log_param { base: 2 scale: -0.5 shift: 3 }", lambda v: math.log2(3 - v / 2))
function_case("Power", "nothing given", "", lambda v: v)
function_case("Power", "power: 2", "power_param { power: 2 }", lambda v: v * v)
function_case("Power", "power: 3, scale, shift", "power_param { power: 3 scale: 0.5 shift: -0.25 }",
              lambda v: (v / 2 - 0.25) ** 3)
function_case("Power", "power: 0.5", "power_param { power: 0.5 shift: 2 }", lambda v: math.sqrt(v + 2))
function_case("Power", "power: -1.5", "power_param { power: -1.5 scale: -1 shift: 2 }", lambda v: (2 - v) ** -1.5)
function_case("Power", "power: 0", "power_param { power: 0 }", lambda v: 1.0)
function_case("Power", "scale: 0", "power_param { power: 2 scale: 0 shift: 3 }", lambda v: 9.0)
function_case("ReLU", "no slope", "", lambda v: max(v, 0.0))
function_case("ReLU", "negative_slope", "relu_param { negative_slope: 0.125 }", lambda v: v if v > 0 else v / 8)
function_case("ReLU", "a negative negative_slope", "relu_param { negative_slope: -1 }", abs)
function_case("ReLU", "relu6", "relu_param { relu6: true }", lambda v: min(max(v, 0.0), 6.0), FAR)
function_case("Sigmoid", "1 / (1 + e^-x)", "", lambda v: 1 / (1 + math.exp(-v)), FAR)
function_case("Swish", "beta 1", "", lambda v: v / (1 + math.exp(-v)), FAR)
function_case("Swish", "beta", "swish_param { beta: 2.5 }", lambda v: v / (1 + math.exp(-2.5 * v)))
function_case("TanH", "tanh", "", math.tanh, FAR)
function_case("Threshold", "0", "", lambda v: 1.0 if v > 0 else 0.0)
function_case("Threshold", "threshold", "threshold_param { threshold: 0.5 }", lambda v: 1.0 if v > 0.5 else 0.0)
function_case("PReLU", "channel_shared", "prelu_param { channel_shared: true }", lambda v: v if v > 0 else v / 4,
              blobs=[numbers(0.25)])
for shape in ((2, 3, 2, 2), (2, 3)):
    data, slopes = values(shape), values((3,), 1)
    case("PReLU", f"a slope for each channel, {len(shape)} axes", "", [data],
         [along(data, slopes, 1, lambda v, slope: v if v > 0 else slope * v)], [slopes])
function_case("Split", "one top", "", lambda v: v)
data = values((2, 3))
case("Split", "three tops", "", [data], [data] * 3)

# Cases: several inputs -----------------------------------------------------------------------------------------------

parts = [values((2, 3, 2), seed) for seed in (0, 1, 2)]
case("Eltwise", "SUM", "", parts, [parts[0] + parts[1] + parts[2]])
case("Eltwise", "SUM by name, two", "eltwise_param { operation: SUM }", parts[:2], [parts[0] + parts[1]])
case("Eltwise", "coeff", "eltwise_param { coeff: 1 coeff: -0.5 coeff: 2 }", parts,
     [parts[0] - 0.5 * parts[1] + 2 * parts[2]])
case("Eltwise", "coeff 1, -1", "eltwise_param { coeff: 1 coeff: -1 }", parts[:2], [parts[0] - parts[1]])
case("Eltwise", "PROD", "eltwise_param { operation: PROD }", parts, [parts[0] * parts[1] * parts[2]])
case("Eltwise", "MAX", "eltwise_param { operation: MAX }", parts, [np.max(parts, 0)])
case("Eltwise", "coeff does not count for MAX", "eltwise_param { operation: MAX coeff: 2 coeff: -1 }", parts[:2],
     [np.maximum(parts[0], parts[1])])
for about, parameters, axis, shapes in (("channels", "", 1, ((2, 1, 2), (2, 3, 2))),
                                        ("axis: 2, three of them", "axis: 2", 2, ((1, 2, 1, 2), (1, 2, 2, 2),
                                                                                  (1, 2, 3, 2))),
                                        ("axis: -1", "axis: -1", 2, ((1, 2, 3), (1, 2, 1))),
                                        ("axis: 0", "axis: 0", 0, ((2, 3), (1, 3))),
                                        ("concat_dim", "concat_dim: 0", 0, ((1, 2, 1, 2), (2, 2, 1, 2))),
                                        ("one bottom", "", 1, ((2, 3),))):
    parts = [values(shape, seed) for seed, shape in enumerate(shapes)]
    case("Concat", about, f"concat_param {{ {parameters} }}", parts, [np.concatenate(parts, axis)])

# Cases: parts, copies, other shapes ----------------------------------------------------------------------------------

data = values((2, 6, 2, 2))
case("Slice", "equal parts", "", [data], [data[:, :2], data[:, 2:4], data[:, 4:]])
case("Slice", "slice_point", "slice_param { slice_point: 1 slice_point: 4 }", [data],
     [data[:, :1], data[:, 1:4], data[:, 4:]])
case("Slice", "one top", "", [data], [data])
case("Slice", "axis: 0", "slice_param { axis: 0 }", [data], [data[:1], data[1:]])
case("Slice", "slice_dim", "slice_param { slice_dim: 2 }", [data], [data[:, :, :1], data[:, :, 1:]])
data = values((2, 2, 4))
case("Slice", "axis: -1", "slice_param { axis: -1 slice_point: 3 }", [data], [data[..., :3], data[..., 3:]])
data = values((2, 3, 4, 5))
for about, parameters, reference, wanted in (
        ("nothing given", "", (1, 1, 2, 3), data[:, :, :2, :3]),
        ("one offset for all axes", "offset: 1", (1, 1, 2, 3), data[:, :, 1:3, 1:4]),
        ("an offset for each axis", "offset: 2 offset: 1", (1, 1, 2, 3), data[:, :, 2:4, 1:4]),
        ("axis: 1", "axis: 1 offset: 1 offset: 0 offset: 2", (7, 2, 4, 3), data[:, 1:3, :, 2:5]),
        ("axis: 0", "axis: 0 offset: 1", (1, 2, 3, 4), data[1:2, 1:3, 1:4, 1:5]),
        ("axis: -1", "axis: -1 offset: 3", (1, 1, 1, 2), data[..., 3:5])):
    case("Crop", about, f"crop_param {{ {parameters} }}", [data, values(reference, 1)], [wanted])
data = values((2, 3, 2))
case("Tile", "channels", "tile_param { tiles: 2 }", [data], [np.concatenate([data] * 2, 1)])
case("Tile", "axis: -1", "tile_param { axis: -1 tiles: 3 }", [data], [np.concatenate([data] * 3, 2)])
case("Tile", "axis: 0", "tile_param { axis: 0 tiles: 2 }", [data], [np.concatenate([data] * 2, 0)])
data = values((2, 3, 2, 4))
for about, parameters, shape in (("channels and behind", "", (2, 24)), ("axis: 0", "axis: 0", (48,)),
                                 ("axis: 2", "axis: 2", (2, 3, 8)),
                                 ("end_axis", "axis: 0 end_axis: 2", (12, 4)),
                                 ("negative axes", "axis: -4 end_axis: -3", (6, 2, 4)),
                                 ("end_axis before axis", "axis: 2 end_axis: 1", (2, 3, 1, 2, 4))):
    case("Flatten", about, f"flatten_param {{ {parameters} }}", [data], [data.reshape(shape)])
for about, parameters, shape in (("all extents", "shape { dim: 4 dim: 12 }", (4, 12)),
                                 ("0 copies, -1 is what is left", "shape { dim: 0 dim: -1 dim: 2 }", (2, 12, 2)),
                                 ("axis", "shape { dim: 2 dim: 4 dim: 1 } axis: 2", (2, 3, 2, 4, 1)),
                                 ("axis, 0 copies from there on", "shape { dim: 0 dim: -1 } axis: 2", (2, 3, 2, 4)),
                                 ("axis and num_axes", "shape { dim: -1 } axis: 1 num_axes: 2", (2, 6, 4)),
                                 ("num_axes", "shape { dim: 3 dim: -1 } num_axes: 2", (3, 2, 2, 4)),
                                 ("axis: -1 is behind the last", "shape { dim: 1 dim: 1 } axis: -1",
                                  (2, 3, 2, 4, 1, 1)),
                                 ("num_axes: 0 puts axes between", "shape { dim: 1 } axis: 1 num_axes: 0",
                                  (2, 1, 3, 2, 4)),
                                 ("a negative axis and num_axes", "shape { dim: 6 } axis: -4 num_axes: 2", (2, 6, 4))):
    case("Reshape", about, f"reshape_param {{ {parameters} }}", [data], [data.reshape(shape)])

# Cases: reductions ---------------------------------------------------------------------------------------------------

data = values((2, 3, 2, 2))
for about, parameters, top_k, axis, values_too in (
        ("nothing given", "", 1, None, False), ("top_k", "top_k: 3", 3, None, False),
        ("out_max_val", "out_max_val: true top_k: 2", 2, None, True), ("axis", "axis: 1", 1, 1, False),
        ("axis and top_k", "axis: 1 top_k: 2", 2, 1, False), ("axis: -1", "axis: -1", 1, 3, False),
        ("axis and out_max_val", "axis: 2 out_max_val: true top_k: 2", 2, 2, True)):
    case("ArgMax", about, f"argmax_param {{ {parameters} }}", [data], [arg_max(data, top_k, axis, values_too)])
case("ArgMax", "a matrix", "argmax_param { top_k: 2 }", [values((2, 5))], [arg_max(values((2, 5)), 2)])
case("ArgMax", "the last of equal values", "", [numbers(1, 3, 0, 3, 3, 2).reshape(1, 6)], [numbers(4).reshape(1, 1, 1)])
for operation in ("SUM", "ASUM", "SUMSQ", "MEAN"):
    for about, parameters, axis, coefficient in (("all", "", 0, 1.0), ("axis: 1", "axis: 1", 1, 1.0),
                                                 ("axis and coeff", "axis: -2 coeff: -0.5", 2, -0.5)):
        case("Reduction", f"{operation}, {about}", f"reduction_param {{ operation: {operation} {parameters} }}", [data],
             [reduction(data, operation, axis, coefficient)])

# Cases: recurrent ----------------------------------------------------------------------------------------------------

STEPS, STREAMS, HIDDEN = 3, 2, 2
MARKS = numbers(0, 0, 1, 1, 0, 1).reshape(STEPS, STREAMS)
for about, width, has_static, exposes in (("alone", (3,), False, False), ("inputs of two axes", (2, 2), False, False),
                                          ("a constant input", (3,), True, False),
                                          ("expose_hidden", (3,), False, True),
                                          ("a constant input and expose_hidden", (2,), True, True)):
    x, static, depth = values((STEPS, STREAMS) + width), values((STREAMS, 3), 5), math.prod(width)
    h0, c0 = values((1, STREAMS, HIDDEN), 6), values((1, STREAMS, HIDDEN), 7)
    text = f"recurrent_param {{ num_output: {HIDDEN} {'expose_hidden: true ' if exposes else ''}}}"
    for layer_type, gates in (("LSTM", 4 * HIDDEN), ("RNN", HIDDEN)):
        w, b = values((gates, depth), 1) / 2, values((gates,), 2)
        w_static, w_hidden = values((gates, 3), 3) / 2, values((gates, HIDDEN), 4)
        w_out, b_out = values((HIDDEN, HIDDEN), 8), values((HIDDEN,), 9)
        options = {"static": static, "w_static": w_static} if has_static else {}
        if layer_type == "LSTM":
            states, out = ({"h0": h0, "c0": c0} if exposes else {}), []
            wanted = lstm(x, MARKS, w, b, w_hidden, **options, **states)
        else:
            states, out = ({"h0": h0} if exposes else {}), [w_out, b_out]
            wanted = rnn(x, MARKS, w, b, w_hidden, w_out, b_out, **options, **states)
        case(layer_type, about, text, [x, MARKS] + ([static] if has_static else []) + list(states.values()),
             wanted if exposes else wanted[:1], [w, b] + ([w_static] if has_static else []) + [w_hidden] + out)

# Cases: sources, sinks, layers in place ------------------------------------------------------------------------------

data, table = values((2, 3)), values((2, 3), 1)
network("Input: a shape for each top", "layer { name: 'in' type: 'Input' top: 'a' top: 'b' input_param { shape { dim: "
        "2 dim: 3 } shape { dim: 2 dim: 3 } } } layer { name: 'l' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' }",
        {"a": data, "b": table}, {"y": data + table})
network("Input: one shape for all tops", "layer { name: 'in' type: 'Input' top: 'a' top: 'b' input_param { shape { "
        "dim: 2 dim: 3 } } } layer { name: 'l' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' }",
        {"a": data, "b": table}, {"y": data + table})
network("Input: input_dim of the network", "input: 'a' input_dim: 1 input_dim: 1 input_dim: 2 input_dim: 3 "
        "layer { name: 'l' type: 'ReLU' bottom: 'a' top: 'y' }", {"a": data.reshape(1, 1, 2, 3)},
        {"y": np.maximum(data, 0).reshape(1, 1, 2, 3)})
network("DummyData: shape", "layer { name: 'in' type: 'DummyData' top: 'a' dummy_data_param { shape { dim: 2 dim: 3 } "
        "} } layer { name: 'l' type: 'ReLU' bottom: 'a' top: 'y' }", {"a": data}, {"y": np.maximum(data, 0)})
network("Parameter: a trained blob as input", "input: 'a' input_shape { dim: 2 dim: 3 } layer { name: 'p' type: "
        "'Parameter' top: 'p' parameter_param { shape { dim: 2 dim: 3 } } } layer { name: 'l' type: 'Eltwise' bottom: "
        "'a' bottom: 'p' top: 'y' }", {"a": data}, {"p": table, "y": data + table}, {"p": [table]})
network("Silence: no top", "input: 'a' input_shape { dim: 2 dim: 3 } layer { name: 'l' type: 'Slice' bottom: 'a' top: "
        "'y' top: 's' top: 't' } layer { name: 's' type: 'Silence' bottom: 's' bottom: 't' }", {"a": data},
        {"y": data[:, :1]})
weights = values((3, 3), 1)
twin = ("layer {{ name: '{0}' type: 'InnerProduct' bottom: '{1}' top: '{0}' param {{ name: 'w' }} "
        "inner_product_param {{ num_output: 3 bias_term: false }} }}")
network("InnerProduct: two layers of the same weights", "input: 'a' input_shape { dim: 2 dim: 3 } " +
        twin.format("x", "a") + " " + twin.format("y", "x"), {"a": data},
        {"x": data @ weights.T, "y": data @ weights.T @ weights.T}, {"x": [weights]})
image, kernels = values((1, 2, 3, 3)), values((2, 2, 2, 2), 1)
computed = convolution(image, kernels, None, (1, 1), (0, 0), (1, 1))
computed = batch_norm(computed, numbers(0.5, -1), numbers(1, 2), 1.0)
computed = along(along(computed, numbers(2, -1), 1, multiply), numbers(0.25, 0.5), 1, add)
in_place = "".join(f"layer {{ name: '{name}' type: '{kind}' bottom: 'y' top: 'y' {rest}}} " for name, kind, rest in (
    ("n", "BatchNorm", ""), ("s", "Scale", "scale_param { bias_term: true } "), ("r", "ReLU", ""), ("d", "Dropout", ""),
    ("p", "Power", "power_param { power: 2 shift: 1 } ")))
network("Convolution: layers in place behind it", "input: 'a' input_shape { dim: 1 dim: 2 dim: 3 dim: 3 } layer { "
        "name: 'c' type: 'Convolution' bottom: 'a' top: 'y' convolution_param { num_output: 2 kernel_size: 2 "
        "bias_term: false } } " + in_place.rstrip(), {"a": image}, {"y": (np.maximum(computed, 0) + 1) ** 2},
        {"c": [kernels], "n": [numbers(0.5, -1), numbers(1, 2), numbers(1)], "s": [numbers(2, -1), numbers(0.25, 0.5)]})


# The file ------------------------------------------------------------------------------------------------------------


def array_line(role, owner, array):
    shape = " ".join(str(extent) for extent in array.shape)
    return f"{role} {owner} {shape} = " + " ".join(f"{value + 0.0:.9g}" for value in array.ravel())


def case_text(name, text, inputs, blobs, wanted):
    lines = [name, text]
    lines += [array_line("input", blob, array) for blob, array in inputs.items()]
    lines += [array_line("trained", layer, array) for layer, arrays in blobs.items() for array in arrays]
    lines += [array_line("wanted", blob, array) for blob, array in wanted.items()]
    for line in lines:
        assert "nan" not in line and "inf" not in line.split(" = ")[-1], name
    return 'R"(' + "\n".join(lines) + ')"'


HEAD = """#ifndef NUQ_TESTS_UNIT_ENGINE_LAYER_CASES_HPP
#define NUQ_TESTS_UNIT_ENGINE_LAYER_CASES_HPP

// Written by layer_cases.py beside it, which works out the wanted values.

/// Each: a name, the prototxt, then arrays, one a line: `input BLOB SHAPE = VALUES`, `trained LAYER …`, `wanted …`.
inline constexpr const char* layer_cases[] = {
"""

assert len({name for name, *_ in CASES}) == len(CASES), "two cases have one name"
target = pathlib.Path(__file__).with_suffix(".hpp")
body = ",\n".join("    " + case_text(*entry) for entry in CASES)
target.write_text(HEAD + body + ",\n};\n\n#endif  // NUQ_TESTS_UNIT_ENGINE_LAYER_CASES_HPP\n", encoding="utf-8")
print(f"{target}: {len(CASES)} cases, {target.stat().st_size} bytes")
