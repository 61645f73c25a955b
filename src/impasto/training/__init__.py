"""Training images, loops, distillation and export."""
