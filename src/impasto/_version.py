"""The version of impasto, which the package's metadata are built from."""

__version__ = "0.1.0"
