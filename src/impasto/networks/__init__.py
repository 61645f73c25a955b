"""PyTorch modules, and how their weights are read."""
