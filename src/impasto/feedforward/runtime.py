"""Loads ONNX Runtime; import it from here, as what it is to do is read when it is loaded."""

import os

# Nobody asked us to report what is painted where.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
