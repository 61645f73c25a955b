"""What impasto costs in time and memory, measured against the papers written down plainly.

`python -m benchmarks` is the whole measurement (`make bench`); `python -m benchmarks.iteration`
compares settings of the optimization, `python -m benchmarks.against` the program with another.
For Linux: elsewhere a process cannot be kept to some of the cores.
"""
