"""Measure the distances of paintings to content and style, over a set of pairs."""
