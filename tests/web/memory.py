"""Measures the memory of `impasto web` over many requests, in photos of many sizes.

    python -m tests.web.memory --requests 200

It prints the megabytes that the server's process has after every twentieth request.
"""

import argparse
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from tests.web.running import encoded
from tests.web.test_server import program

WARMING_UP = 20
"""Requests after which the server has seen all sizes."""


def photos():
    """Ten JPEGs from 300 x 200 to 1650 x 1100 pixels."""
    noise = np.random.default_rng(1).integers(0, 256, (12, 18, 3), np.uint8)
    for number in range(2, 12):
        yield encoded(Image.fromarray(noise).resize((150 * number, 100 * number)), "JPEG")


def resident(process):
    """MB of memory that a process has."""
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=200)
    requests = parser.parse_args().requests
    sent = [*photos()]
    styles = ("great-wave", "irises", "udnie", "the-scream", "frost", "the-kiss", "goldfish")
    with program("--no-ui") as (address, process), httpx.Client(trust_env=False) as client:
        for number in range(WARMING_UP + requests):
            if number % WARMING_UP == 0:
                print(f"after {number} requests: {resident(process):.0f} MB", flush=True)
            form = {"style": styles[number % len(styles)]}
            files = {"photo": sent[number % len(sent)]}
            answer = client.post(f"{address}/api/stylize", files=files, data=form, timeout=600)
            answer.raise_for_status()
        print(f"after {number + 1} requests: {resident(process):.0f} MB")


if __name__ == "__main__":
    main()
