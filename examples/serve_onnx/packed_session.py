"""ONNX Runtime sessions of packed files, in memory: no file is written.

    import packed_session
    session = packed_session.load("net.nuq")
    session.run(None, {"x": pixels})

Needs ONNX Runtime 1.24 or later and the shared library of packed_weights.cpp, which is looked for beside this file and
where NUQ_PACKED_WEIGHTS says.
"""

import ctypes
import os

import onnxruntime

_TAKE = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)


def _library():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libnuq_packed_weights.so")
    library = ctypes.CDLL(os.environ.get("NUQ_PACKED_WEIGHTS", beside))
    library.nuq_read_packed.argtypes = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, _TAKE
    library.nuq_read_packed.restype = ctypes.c_char_p
    return library


def read(content, name="packed file"):
    """The skeleton .onnx of a packed file's bytes, and the bytes of its layers' weights by name."""
    parts = {}

    @_TAKE
    def take(layer, data, size):
        parts[os.fsdecode(layer)] = ctypes.string_at(data, size)

    problem = _library().nuq_read_packed(content, len(content), os.fsencode(name), take)
    if problem is not None:
        raise ValueError(os.fsdecode(problem))
    return parts.pop(""), parts


def load(path, options=None, **arguments):
    """The session of a packed file; `arguments` are those of InferenceSession."""
    with open(path, "rb") as file:
        skeleton, weights = read(file.read(), path)
    options = options or onnxruntime.SessionOptions()
    files = [f"weights_of_{layer}" for layer in weights]  # that the skeleton says its weights are in
    options.add_external_initializers_from_files_in_memory(files, list(weights.values()), list(map(len, weights.values())))
    return onnxruntime.InferenceSession(skeleton, options, **arguments)
