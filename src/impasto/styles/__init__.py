"""Styles: what one is, mixing several, keeping them in files and under names."""
