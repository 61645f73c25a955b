"""Measuring pictures: distances to content and style, over a set of pairs."""
