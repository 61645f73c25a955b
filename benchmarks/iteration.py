"""Seconds and memory of one optimization iteration, by encoder.

    python benchmarks/iteration.py [--size 512] [--rounds 5] [--memory 1024]

Encoders take turns within a round, so that a noisy machine slows all of them alike; ratios are of
medians. VGG-19 has random weights, which take the same time. One iteration is forward, losses
(relu4_2; relu1_1 .. relu5_1), backward and an Adam step. `--memory` measures the peak resident
memory of one iteration of each at that size, each in a process of its own.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.networks import weights
from impasto.networks.vgg import VGG
from impasto.optimize.device import precision
from impasto.optimize.objective import Objective
from impasto.optimize.regions import Region, StylePicture
from impasto.settings import OptimizeSettings

CASES = {
    "vgg19 wasserstein": ("vgg19", OptimizeSettings()),
    "vgg19 gram": ("vgg19", OptimizeSettings(style_loss="gram")),
    "vgg19 wasserstein, low memory": ("vgg19", OptimizeSettings(low_memory=True)),
    "vgg19 wasserstein, float32": ("vgg19", OptimizeSettings(precision="float32")),
    "vgg19 wasserstein, tiles of 256": ("vgg19", OptimizeSettings(tile=256)),
    "compact wasserstein": ("compact", OptimizeSettings()),
    "compact gram": ("compact", OptimizeSettings(style_loss="gram")),
    "compact wasserstein, tiles of 256": ("compact", OptimizeSettings(tile=256)),
    "compact wasserstein, float32": ("compact", OptimizeSettings(precision="float32")),
}


def iteration(case: str, size: int) -> Callable[[], None]:
    """A function that takes one step of `case` at (size, size)."""
    name, settings = CASES[case]
    content, style = picture(size, 1), picture(size, 2)
    network = encoder(name).compute_in(precision(settings.precision, torch.device("cpu")))
    objective = Objective(
        network, content, [Region([StylePicture(style)])], settings, settings.tile
    )
    image = content.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([image], lr=0.01)

    def step() -> None:
        total, _ = objective(image)
        (image.grad,) = torch.autograd.grad(total, image)
        optimizer.step()

    return step


def encoder(name: str) -> VGG:
    if name == "compact":
        return weights.encoder("compact")
    torch.manual_seed(0)
    network = VGG(19, first_padding="replicate", last="relu5_1")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def picture(size: int, seed: int) -> Tensor:
    noise = torch.rand(1, 3, size // 16, size // 16, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(noise, (size, size), mode="bilinear")


def seconds(step: Callable[[], None]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def peak_megabytes(case: str, size: int) -> float:
    """Peak resident memory of a process that does nothing but one iteration of `case`."""
    command = [sys.executable, __file__, "--only", case, "--size", str(size)]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, metavar="SIZE")
    parser.add_argument("--only", choices=CASES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        iteration(asked.only, asked.size)()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    steps = {case: iteration(case, asked.size) for case in CASES}
    times: dict[str, list[float]] = {case: [] for case in CASES}
    for number in range(asked.rounds + 1):
        for case, step in steps.items():
            spent = seconds(step)
            if number:  # the first round warms up
                times[case].append(spent)
    reference = statistics.median(times["vgg19 wasserstein"])
    print(f"{asked.size} x {asked.size}, {torch.get_num_threads()} threads, {asked.rounds} rounds")
    for case, found in times.items():
        median = statistics.median(found)
        line = f"{case:32} {median:7.3f} s   {median / reference:6.3f} of vgg19 wasserstein"
        if asked.memory:
            line += f"   {peak_megabytes(case, asked.memory):6.0f} MB at {asked.memory} px"
        print(line)


if __name__ == "__main__":
    main()
