"""Times two workers against one on every engine of a sweep, as ratios within this one run.

All tables are held against each other, bit for bit. Starting the workers, and what they import and
compile, is not counted: every engine runs a small sweep first.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from dask.distributed import Client, LocalCluster
from measured import tell

import grokedu as gk

ENGINES = ["one worker", "loky", "threading", "multiprocessing", "dask"]
SWEEPS = {
    "closed form": dict(weight_decay=[1e-5, 1e-4], n_seeds=120),
    "gradient descent": dict(method="gradient descent", n_steps=30_000, n_seeds=12),
}
ROUNDS = 3


def swept(engine, **grid):
    workers = 1 if engine == "one worker" else 2
    with joblib.parallel_config(backend=engine) if workers > 1 else nullcontext():
        return gk.sweep(**grid, n_jobs=workers, progress=False)


def speed_up(name, grid):
    """The engines take turns, and each keeps its best time: a disturbance meets them all."""
    tables = {engine: swept(engine, **{**grid, "n_seeds": 2}) for engine in ENGINES}
    best = dict.fromkeys(ENGINES, np.inf)
    for _ in range(ROUNDS):
        for engine in ENGINES:
            started = time.perf_counter()
            tables[engine] = swept(engine, **grid)
            best[engine] = min(best[engine], time.perf_counter() - started)
    one = ENGINES[0]
    case = f"{name}, {len(tables[one])} runs"
    print(f"\n{case}, two workers against one")
    for engine in ENGINES:
        pd.testing.assert_frame_equal(tables[engine], tables[one], check_exact=True)
        tell("sweeps", case, engine, best[engine], "s", ratio=best[one] / best[engine])


def nothing(*, place, rng):
    return place


def number(place):
    return {"twice": 2 * place}


def cost_of_a_checkpoint():
    """What it adds to each problem, from problems that take no time."""
    grid = dict(problem=nothing, run=number, place=list(range(40)), n_seeds=25)
    quiet = dict(n_jobs=1, progress=False)
    started = time.perf_counter()
    gk.sweep(**grid, **quiet)
    between = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        gk.sweep(**grid, **quiet, checkpoint=Path(folder) / "kept")
        kept = time.perf_counter()
        gk.sweep(**grid, **quiet, checkpoint=Path(folder) / "kept")
        read = time.perf_counter()
    plain, written, again = np.diff([started, between, kept, read])
    print("\nFor each of 1000 problems, and for reading all of them")
    tell("sweeps", "a problem that takes no time", "sweep", plain, "ms")
    tell("sweeps", "a problem that takes no time", "with checkpoint", written, "ms")
    tell("sweeps", "1000 problems, finished before", "read", again, "s")


if __name__ == "__main__":
    print(f"{joblib.cpu_count()} cores")
    local = dict(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with LocalCluster(**local, silence_logs="CRITICAL") as cluster, Client(cluster):
        for name, grid in SWEEPS.items():
            speed_up(name, grid)
    cost_of_a_checkpoint()
