"""The feed-forward engine: any photo in any style in one pass, in ONNX Runtime."""
