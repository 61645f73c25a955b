"""Two papers written down plainly, as yardsticks of time and memory.

Whole networks, float32, PyTorch's defaults: what a reader of the paper would write first. Their
weights are random, which takes the same time; their pictures mean nothing.
"""
