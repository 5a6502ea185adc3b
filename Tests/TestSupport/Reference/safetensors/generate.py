"""Writes files.json: a small file of every type that NumPy knows, by the format's own library."""

import json
import sys

import numpy
import safetensors
from safetensors.numpy import save

random = numpy.random.default_rng(7)
tensors = {
    "f64": random.standard_normal((2, 3)),
    "f32": random.standard_normal((3, 2, 1)).astype(numpy.float32),
    "f16": numpy.array([1.5, -2.25, 65504, 6e-8, 0.1, numpy.inf, -0.0], numpy.float16),
    "i64": numpy.array([-(2**53), 2**40, -1], numpy.int64),
    "i32": numpy.array([[-(2**31), 2**31 - 1]], numpy.int32),
    "i16": numpy.array([-32768, 32767], numpy.int16),
    "i8": numpy.array([-128, 127, 0], numpy.int8),
    "u64": numpy.array([2**53], numpy.uint64),
    "u32": numpy.array([2**32 - 1], numpy.uint32),
    "u16": numpy.array([65535], numpy.uint16),
    "u8": numpy.array([0, 255, 7], numpy.uint8),
    "bool": numpy.array([True, False, True]),
    "スカラー \"s\"\n": numpy.array(2.5, numpy.float32),
    "empty": numpy.zeros((0, 4), numpy.float32),
}
metadata = {"format": "np", "題": "海 \\ \" \u0001"}
content = save(tensors, metadata)
json.dump(
    {
        "versions": {
            "python": sys.version.split()[0],
            "numpy": numpy.__version__,
            "safetensors": safetensors.__version__,
        },
        "bytes": list(content),
        "metadata": metadata,
        "tensors": [
            {"name": name, "shape": list(value.shape),
             "values": ["1e999" if v == numpy.inf else float(v) for v in value.reshape(-1)]}
            for name, value in tensors.items()
        ],
    },
    open("files.json", "w"),
    ensure_ascii=False,
)
text = open("files.json").read().replace('"1e999"', "1e999")
open("files.json", "w").write(text)
