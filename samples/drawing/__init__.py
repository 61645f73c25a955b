"""Four style pictures painted from noise and geometry, one module each."""
