"""Styles: their vectors, mixtures, files and names."""
