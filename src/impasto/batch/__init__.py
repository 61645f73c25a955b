"""Batches: plan outputs for inputs, and paint them as jobs that pickle."""
