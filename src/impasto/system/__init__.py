"""The operating system: paths, files, free memory, optional packages."""
