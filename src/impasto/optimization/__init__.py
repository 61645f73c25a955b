"""Painting by optimization: losses, objective, schedule of scales, solver, checkpoint."""
