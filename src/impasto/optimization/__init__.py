"""Paint by optimization: terms, objective, schedule of scales, solver, checkpoint."""
