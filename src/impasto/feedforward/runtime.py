"""Import ONNX Runtime from here: its settings must be set before it is loaded."""

import os

# Nothing is reported to anybody.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

__all__ = ["onnxruntime"]
