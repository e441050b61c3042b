#!/usr/bin/env python3
"""Trains the quickstart network, a small residual network for Fashion-MNIST, and writes it as Caffe files.

    apt-get install python3-torch dataset-fashion-mnist
    python3 train.py

writes fashion_resnet.prototxt and fashion_resnet.caffemodel beside this script.  The files are committed, so nothing here
needs to run before the quickstart; the script is the record of where they come from.  Caffe is not needed: the binary file is
encoded below.  The network takes one 28x28 image in [0, 1): value = pixel / 256.
"""

import argparse
import gzip
import math
import os
import struct
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

IMAGE_SIZE = 28
CLASSES = 10
PIXEL_SCALE = 1 / 256
WIDTHS = (16, 32, 64)  # channels of the three stages, at 28x28, 14x14 and 7x7
BLOCKS = (1, 2, 2)     # residual blocks of the stages


# --- Data ---------------------------------------------------------------------------------------------------------------------

def read_idx(path):
    """The array of a gzipped IDX file of bytes: two zero bytes, the type, the rank, the big-endian sizes, the elements."""
    with gzip.open(path) as stream:
        content = stream.read()
    rank = content[3]
    shape = struct.unpack_from(f">{rank}I", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def load_split(folder, prefix):
    """Images as float32 [count, 1, 28, 28] and labels as int64 [count]; prefix is "train" or "t10k"."""
    images = read_idx(os.path.join(folder, f"{prefix}-images-idx3-ubyte.gz"))
    labels = read_idx(os.path.join(folder, f"{prefix}-labels-idx1-ubyte.gz"))
    return torch.from_numpy(images.astype(np.float32) * PIXEL_SCALE)[:, None], torch.from_numpy(labels.astype(np.int64))


def augment(images, generator, shift=2):
    """Each image moved by up to `shift` pixels in both directions, zeros moving in, and mirrored with probability 1/2."""
    count = len(images)
    padded = F.pad(images, [shift] * 4)
    top, left = torch.randint(2 * shift + 1, (2, count, 1), generator=generator)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    pixels = torch.arange(IMAGE_SIZE)
    rows = top + pixels
    columns = left + torch.where(mirrored, pixels.flip(0), pixels)
    return padded[torch.arange(count)[:, None, None], 0, rows[:, :, None], columns[:, None, :]][:, None]


# --- Network ------------------------------------------------------------------------------------------------------------------

class ConvNorm(nn.Sequential):
    """A convolution without bias, then batch normalisation: in Caffe Convolution, BatchNorm, Scale."""

    def __init__(self, inputs, outputs, kernel=3, stride=1):
        super().__init__(nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Two 3x3 convolutions beside a skip path, which is a 1x1 projection where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = ConvNorm(inputs, outputs, stride=stride)
        self.conv2 = ConvNorm(outputs, outputs)
        self.projection = ConvNorm(inputs, outputs, kernel=1, stride=stride) if (inputs, stride) != (outputs, 1) else None

    def forward(self, x):
        skip = self.projection(x) if self.projection else x
        return F.relu(self.conv2(F.relu(self.conv1(x))) + skip)


class FashionResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(1, WIDTHS[0])
        self.blocks = nn.ModuleList()
        inputs = WIDTHS[0]
        for stage, (outputs, count) in enumerate(zip(WIDTHS, BLOCKS)):
            for index in range(count):
                self.blocks.append(Block(inputs, outputs, stride=2 if stage > 0 and index == 0 else 1))
                inputs = outputs
        self.classifier = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = F.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.classifier(x.mean((2, 3)))


# --- Training -----------------------------------------------------------------------------------------------------------------

def train(model, images, labels, options):
    """Stochastic gradient descent under a one-cycle schedule.  Every epoch has its own seed, so a resumed run is the same run."""
    optimizer = torch.optim.SGD(model.parameters(), lr=options.learning_rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    batches = math.ceil(len(images) / options.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, total_steps=options.epochs * batches)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule}
    first = 0
    if options.checkpoint and os.path.exists(options.checkpoint):
        saved = torch.load(options.checkpoint)
        first = saved["epochs"]
        for name, part in parts.items():
            part.load_state_dict(saved[name])

    model.train()
    for epoch in range(first, options.epochs):
        start = time.monotonic()
        generator = torch.Generator().manual_seed(options.seed + epoch)
        total_loss = 0.0
        for batch in torch.randperm(len(images), generator=generator).split(options.batch_size):
            inputs = augment(images[batch], generator).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(model(inputs), labels[batch], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total_loss += loss.item() * len(batch)
        seconds = time.monotonic() - start
        print(f"epoch {epoch + 1}/{options.epochs}: loss {total_loss / len(images):.4f}, {seconds:.0f} s", flush=True)
        if options.checkpoint:
            torch.save({"epochs": epoch + 1, **{name: part.state_dict() for name, part in parts.items()}}, options.checkpoint)


@torch.no_grad()
def accuracy(model, images, labels):
    """Fraction of the images whose largest output is their label."""
    model.eval()
    predicted = torch.cat([model(batch).argmax(1) for batch in images.split(500)])
    return (predicted == labels).double().mean().item()


# --- Caffe files --------------------------------------------------------------------------------------------------------------

def varint(value):
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def field(number, content):
    """A length-delimited protobuf field: a string, a submessage or a packed array."""
    if isinstance(content, str):
        content = content.encode()
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob_message(values):
    """BlobProto: shape = 7 { dim = 1, packed }, data = 5, packed."""
    shape = field(1, b"".join(varint(size) for size in values.shape))
    return field(7, shape) + field(5, values.astype("<f4").tobytes())


def layer_message(layer):
    """LayerParameter: name = 1, type = 2, bottom = 3, top = 4, blobs = 7."""
    return b"".join([field(1, layer["name"]), field(2, layer["type"]),
                     *(field(3, bottom) for bottom in layer["bottoms"]), field(4, layer["top"]),
                     *(field(7, blob_message(blob)) for blob in layer["blobs"])])


def net_message(name, layers):
    """NetParameter: name = 1, layer = 100."""
    return field(1, name) + b"".join(field(100, layer_message(layer)) for layer in layers)


def net_text(name, layers):
    """The prototxt of the same layers."""
    text = [f'name: "{name}"']
    for layer in layers:
        text += ["layer {", f'  name: "{layer["name"]}"', f'  type: "{layer["type"]}"']
        text += [f'  bottom: "{bottom}"' for bottom in layer["bottoms"]]
        text += [f'  top: "{layer["top"]}"']
        text += [f"  {layer['parameters']}"] if layer["parameters"] else []
        text += ["}"]
    return "\n".join(text) + "\n"


def caffe_layers(model):
    """The trained network as Caffe layers, BatchNorm, Scale and ReLU in place as Caffe models have them."""
    layers = []

    def add(name, kind, bottoms, top, parameters="", blobs=()):
        arrays = [blob.detach().contiguous().numpy() for blob in blobs]
        layers.append({"name": name, "type": kind, "bottoms": bottoms, "top": top, "parameters": parameters, "blobs": arrays})
        return top

    def add_conv_norm(name, bottom, module):
        conv, norm = module
        sizes = f"kernel_size: {conv.kernel_size[0]} stride: {conv.stride[0]} pad: {conv.padding[0]}"
        add(name, "Convolution", [bottom], name,
            f"convolution_param {{ num_output: {conv.out_channels} {sizes} bias_term: false }}", [conv.weight])
        add(f"{name}_bn", "BatchNorm", [name], name, "batch_norm_param { use_global_stats: true }",
            [norm.running_mean, norm.running_var, torch.ones(1)])
        return add(f"{name}_scale", "Scale", [name], name, "scale_param { bias_term: true }", [norm.weight, norm.bias])

    def add_relu(top):
        return add(f"{top}_relu", "ReLU", [top], top)

    add("data", "Input", [], "data", f"input_param {{ shape {{ dim: 1 dim: 1 dim: {IMAGE_SIZE} dim: {IMAGE_SIZE} }} }}")
    bottom = add_relu(add_conv_norm("conv1", "data", model.stem))
    for number, block in enumerate(model.blocks, start=1):
        name = f"block{number}"
        skip = add_conv_norm(f"{name}_projection", bottom, block.projection) if block.projection else bottom
        inner = add_relu(add_conv_norm(f"{name}_conv1", bottom, block.conv1))
        outer = add_conv_norm(f"{name}_conv2", inner, block.conv2)
        bottom = add_relu(add(f"{name}_sum", "Eltwise", [skip, outer], f"{name}_sum", "eltwise_param { operation: SUM }"))
    bottom = add("pool", "Pooling", [bottom], "pool", "pooling_param { pool: AVE global_pooling: true }")
    bottom = add("fc", "InnerProduct", [bottom], "fc", f"inner_product_param {{ num_output: {CLASSES} }}",
                 [model.classifier.weight, model.classifier.bias])
    add("prob", "Softmax", [bottom], "prob")
    return layers


def write_caffe(model, prefix):
    layers = caffe_layers(model)
    name = type(model).__name__
    with open(f"{prefix}.prototxt", "w") as stream:
        stream.write(net_text(name, layers))
    with open(f"{prefix}.caffemodel", "wb") as stream:
        stream.write(net_message(name, layers))


# --- Command line -------------------------------------------------------------------------------------------------------------

def parse_options():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Trains the quickstart network and writes it as Caffe files.")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the four gzipped IDX files")
    parser.add_argument("--output-dir", default=here, help="where the two Caffe files go")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.2, help="peak of the one-cycle schedule")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="part of the seed: another number rounds differently")
    parser.add_argument("--checkpoint", help="file written after every epoch and resumed from if it exists")
    return parser.parse_args()


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    model = FashionResNet().to(memory_format=torch.channels_last)
    print(f"{sum(parameter.numel() for parameter in model.parameters())} weights")
    train(model, *load_split(options.data, "train"), options)
    print(f"top-1 on the test images: {100 * accuracy(model, *load_split(options.data, 't10k')):.2f} %")
    write_caffe(model, os.path.join(options.output_dir, "fashion_resnet"))


if __name__ == "__main__":
    main()
