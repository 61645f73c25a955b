"""Perceptual features, statistics and losses, for optimization, training and evaluation."""
