#!/usr/bin/env python3
"""Loads a network from its packed file alone, and checks that it computes what another file of it does, bit for bit.

    serve_onnx.py FILE.nuq OTHER.onnx [EXTENT...]
"""

import argparse
import os
import sys
import time

import numpy as np
import onnxruntime
import packed_session


def loaded(what, path, load):
    start = time.perf_counter()
    session = load(path, providers=["CPUExecutionProvider"])
    print(f"{what:9} {os.path.getsize(path):9} bytes, loaded in {1000 * (time.perf_counter() - start):.1f} ms")
    return session


def some_inputs(session, extents):
    """Numbers between -1 and 1 for every input. `extents` are those that the network leaves open."""
    extents = iter(extents)
    inputs = {}
    for wanted in session.get_inputs():
        if wanted.type != "tensor(float)":
            raise ValueError(f"input {wanted.name} is not of floats")
        shape = [size if isinstance(size, int) and size >= 0 else next(extents, 1) for size in wanted.shape]
        inputs[wanted.name] = np.sin(np.arange(np.prod(shape), dtype=np.float64)**2).astype(np.float32).reshape(shape)
    return inputs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packed", metavar="FILE.nuq")
    parser.add_argument("other", metavar="OTHER.onnx")
    parser.add_argument("extents", metavar="EXTENT", type=int, nargs="*",
                        help="of the dimensions that the inputs leave open, in their order; 1 where none is left")
    given = parser.parse_args()
    try:
        packed = loaded("packed:", given.packed, packed_session.load)
        other = loaded("other:", given.other, onnxruntime.InferenceSession)
        inputs = some_inputs(packed, given.extents)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    found, wanted = (b"".join(np.asarray(values).tobytes() for values in session.run(None, inputs))
                     for session in (packed, other))
    print(f"{len(found)} bytes of outputs, {'the same bit for bit' if found == wanted else 'which differ'}")
    return int(found != wanted)


if __name__ == "__main__":
    sys.exit(main())
