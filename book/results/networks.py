"""Recomputes book/results/networks.csv: t1 and t2 of the paper's two-layer ReLU networks.

`make paper` runs this file. Every row is one training run at the parameters it names, with draw k
of `draw_rng(k)`. `measure` recomputes one row, and a test does so for a row at random.

The grids around the paper's default point (n = d = 50, m = 1000, λ = 0.05, ν² = 1, η = 10⁻⁴) are
ours where the paper does not say its own. Runs stop simulating once the training loss is 10⁻⁵ and
go on by the law of the late stage, except for those that put the law itself to the test: they are
simulated to the end.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

import grokedu as gk
from grokedu.sweeps import draw_rng

TABLE = Path(__file__).with_suffix(".csv")
RECORD = Path(__file__).with_suffix(".json")
DEFAULTS = {
    "n_samples": 50,
    "input_dim": 50,
    "width": 1000,
    "init_variance": 1.0,
    "weight_decay": 0.05,
    "learning_rate": 1e-4,
}
# panel: (the parameter, its values, the number of draws)
SIMULATED = "figure 1, simulated to the end"
PANELS = {
    "figure 1": ("weight_decay", [0.1], 50),
    SIMULATED: ("weight_decay", [0.1], 8),
    "weight decay": ("weight_decay", [0.05, 0.1, 0.2, 0.5], 8),
    "samples": ("n_samples", [25, 50, 75, 100], 8),
    "width": ("width", [250, 500, 1000, 2000], 8),
    "initial variance": ("init_variance", [0.5, 1.0, 2.0, 4.0], 8),
}
MAX_STEPS = {"closed form": 3_000_000, "simulate": 100_000}


def grid():
    """All rows to be computed, as (panel, parameters, draw)."""
    for panel, (name, values, n_draws) in PANELS.items():
        for value in values:
            for draw in range(n_draws):
                yield panel, {**DEFAULTS, name: value}, draw


def measure(panel, parameters, draw):
    """One row of the table."""
    problem = gk.relu_network_problem(
        n_samples=parameters["n_samples"],
        input_dim=parameters["input_dim"],
        width=parameters["width"],
        init_variance=parameters["init_variance"],
        rng=draw_rng(draw),
    )
    tail = "simulate" if panel == SIMULATED else "closed form"
    run = gk.train_network(
        problem,
        weight_decay=parameters["weight_decay"],
        learning_rate=parameters["learning_rate"],
        n_steps=MAX_STEPS[tail],
        tail=tail,
        progress=False,
    )
    times = gk.grokking_times(run)
    return {
        "panel": panel,
        **parameters,
        "draw": draw,
        "overfit_step": times.overfit_step,
        "generalize_step": times.generalize_step,
        "reason": times.reason,
    }


def main():
    rows = list(grid())
    results = Parallel(n_jobs=-1, return_as="generator")(delayed(measure)(*row) for row in rows)
    table = pd.DataFrame(tqdm(results, total=len(rows), desc="runs"))
    table = table.astype({"overfit_step": "Int64", "generalize_step": "Int64"})
    table.to_csv(TABLE, index=False)
    record = {
        "recipe": "book/results/networks.py",
        "rows": len(table),
        "sha256": hashlib.sha256(TABLE.read_bytes()).hexdigest(),
        "versions": {"grokedu": gk.__version__, "numpy": np.__version__},
        "python": ".".join(map(str, sys.version_info[:3])),
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
