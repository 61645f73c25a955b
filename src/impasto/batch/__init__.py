"""From inputs to outputs: what is painted and where it goes, as jobs that can be sent elsewhere."""
