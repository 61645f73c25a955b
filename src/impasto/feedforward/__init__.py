"""The feed-forward engine: paints photos in one pass with ONNX Runtime."""
