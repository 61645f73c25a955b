"""The verbs of the Python library: files, styles and engines meet here.

`impasto` itself has their public names; see `impasto.__init__`.
"""
