"""Recomputes book/results/networks.csv: t1 and t2 of the paper's two-layer ReLU networks.

`make paper` runs this file; interrupted, it keeps the rows that are done and goes on from there,
unless the code has changed. Every row is one training run at the parameters it names, with draw k
of `draw_rng(k)`. `measure` recomputes one row, and a test does so for a row at random. A run that
stands in several panels, as the default point does, is computed once.

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
UNFINISHED = Path(__file__).with_suffix(".unfinished")
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
    "weight decay": ("weight_decay", [0.05, 0.1, 0.2, 0.5], 20),
    "samples": ("n_samples", [25, 50, 75, 100], 20),
    "width": ("width", [250, 500, 1000, 2000], 20),
    "initial variance": ("init_variance", [0.5, 1.0, 2.0, 4.0], 20),
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


def compute(grid, unfinished, measure=measure, n_jobs=-1):
    """All rows of the grid, in its order; each is kept in the file `unfinished` once it is done."""
    done = rows_in(unfinished)
    left = [row for row in grid if _key_of(*row) not in done]
    results = Parallel(n_jobs, return_as="generator_unordered")(delayed(measure)(*r) for r in left)
    with unfinished.open("a", encoding="utf8") as file:
        print(json.dumps(fingerprint()), file=file)
        for result in tqdm(results, total=len(grid), initial=len(done), desc="runs"):
            done[_key(result)] = result
            print(json.dumps(result), file=file, flush=True)
    return [done[_key_of(*row)] for row in grid]


def rows_in(unfinished):
    """The rows that this code has written to the file before it was interrupted."""
    if not unfinished.exists():
        return {}
    first, *lines = unfinished.read_text(encoding="utf8").splitlines() or [""]
    if first != json.dumps(fingerprint()):
        unfinished.unlink()
        return {}
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return {_key(row): row for row in rows}


def fingerprint():
    """What the rows depend on: this recipe and the package."""
    digest = hashlib.sha256(np.__version__.encode())
    for file in [Path(__file__), *sorted(Path(gk.__file__).parent.glob("*.py"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _key(row):
    return tuple(row[name] for name in ("panel", *DEFAULTS, "draw"))


def _key_of(panel, parameters, draw):
    return _key({"panel": panel, **parameters, "draw": draw})


def run_of(panel, parameters, draw):
    """What decides about a run: the panel only in that it may ask for a full simulation."""
    return (panel == SIMULATED, *parameters.values(), draw)


def main():
    first = {}
    for row in grid():
        first.setdefault(run_of(*row), row)
    try:
        runs = dict(zip(first, compute(list(first.values()), UNFINISHED), strict=True))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The rows that are done are kept: make paper goes on from there.")
    table = pd.DataFrame([{**runs[run_of(*row)], "panel": row[0]} for row in grid()])
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
    UNFINISHED.unlink()


if __name__ == "__main__":
    main()
