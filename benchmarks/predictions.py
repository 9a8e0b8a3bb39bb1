"""Times predictions for many settings, and random experiments of any size.

Cells of a phase diagram per second, beside the scalar function; seconds and memory of one run drawn
by `sampled_problem`, beside a dense draw where it is small enough.
"""

import resource
import subprocess
import sys
import time

import numpy as np
from measured import tell

import grokedu as gk

RULE = {"weight_decay": 1e-6, "learning_rate": 1.0}


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def cells_per_second():
    decays, variances = np.geomspace(1e-6, 1e-2, 200), np.geomspace(1e-3, 1e3, 200)[:, None]

    def whole_map():
        gk.predictions.phase_diagram(
            weight_decay=decays, init_variance=variances, learning_rate=1.0
        )

    whole_map()  # compiles
    many = 40_000 / min(seconds(whole_map) for _ in range(3))

    def twenty_cells():
        for decay in decays[::10]:
            gk.predictions.ridge_grokking_times(weight_decay=decay, learning_rate=1.0)

    one = 20 / min(seconds(twenty_cells) for _ in range(3))
    tell("predictions", "phase diagram", "the whole map", many, "cells a second", ratio=many / one)
    tell("predictions", "phase diagram", "one by one", one, "cells a second")


def run(name, n, m):
    """One problem and its t1 and t2: seconds and the most memory this process had."""
    draw = {"sampled": gk.sampled_problem, "dense": gk.gaussian_problem}[name]

    def whole():
        problem = draw(n_samples=n, n_features=m, rng=np.random.default_rng(0))
        gk.exact_grokking_times(problem, **RULE)

    took = seconds(whole)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak /= 1024**2 if sys.platform == "darwin" else 1024  # there in bytes
    tell("predictions", f"n = {n:,}, m = {m:,}: t1 and t2", name, took, "s")
    tell("predictions", f"n = {n:,}, m = {m:,}: memory", name, peak, "MB")


def main():
    if sys.argv[1:] == ["map"]:
        return cells_per_second()
    if len(sys.argv) > 1:
        return run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    # Each in a process of its own, since the most memory that one ever had is what is measured.
    for job in (
        ("map",),
        ("dense", 1000, 10_000),
        ("sampled", 1000, 10_000),
        ("sampled", 3000, 3000),
        ("sampled", 1000, 10**7),
        ("sampled", 10_000, 10**7),
    ):
        subprocess.run([sys.executable, __file__, *map(str, job)], check=True)


if __name__ == "__main__":
    main()
