"""From inputs to outputs: what is painted, and where it goes."""
