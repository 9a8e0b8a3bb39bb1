"""Recomputes book/results/networks_teacher.csv: networks that learn another network of two layers.

`make results` runs this, for a minute or two. Every row is one run of `gk.train_network` at the
parameters it names, on draw k of `gk.relu_network_problem`, for 10/(ηλ) steps. The teacher answers
with a mean square of 1, so that is the test loss of the zero predictor, and the test loss is exact.
(At ν² = 4 and at m = 400 a learning rate of 0.05 is too long a step for some draws.)
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

import grokedu as gk

TABLE = Path(__file__).with_suffix(".csv")
RECORD = Path(__file__).with_suffix(".json")
DRAWS = 20
DEFAULTS = {
    "n_samples": 40,
    "input_dim": 8,
    "width": 100,
    "init_variance": 1.0,
    "teacher_width": 1,
    "weight_decay": 4e-3,
    "learning_rate": 0.05,
}
PANELS = {
    "weight decay": ("weight_decay", [1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2]),
    "learning rate": ("learning_rate", [0.0125, 0.025, 0.05]),
    "initial variance": ("init_variance", [0.0625, 0.25, 1.0, 2.0]),
    "samples": ("n_samples", [20, 30, 40, 60, 80]),
    "width": ("width", [25, 50, 100, 200]),
    "teacher width": ("teacher_width", [1, 2, 4, 8]),
}


def aligned(problem, weights):
    """The share of Σ |a_j| ‖w_j‖ in neurons within 10° of a neuron of the teacher."""
    (hidden, output), (teacher,) = weights, problem.teacher[0]
    lengths = np.linalg.norm(hidden, axis=1)
    cosines = hidden @ (teacher / np.linalg.norm(teacher, axis=1, keepdims=True)).T
    close = cosines.max(axis=1) > np.cos(np.radians(10)) * lengths
    return float(np.abs(output * close) @ lengths / (np.abs(output) @ lengths))


def measure(problem, *, weight_decay, learning_rate):
    rule = {"weight_decay": weight_decay, "learning_rate": learning_rate, "progress": False}
    run = gk.train_network(problem, **rule, n_steps=round(10 / weight_decay / learning_rate))
    times = gk.grokking_times(run)
    overfit = times.overfit_step
    results = {"overfit_step": overfit, "generalize_step": times.generalize_step}
    if overfit is not None:
        fitted = gk.train_network(problem, **rule, n_steps=max(overfit, 1))
        results["test_loss_at_t1"] = float(fitted.test_loss[-1])
        results["aligned_at_t1"] = aligned(problem, fitted.weights)
    return {
        **results,
        "lowest_test_loss": float(np.nanmin(run.test_loss)),
        "last_train_loss": float(run.train_loss[-1]),
        "last_test_loss": float(run.test_loss[-1]),
        "aligned_at_end": aligned(problem, run.weights),
    }


def panel(name):
    """All rows of one panel."""
    parameter, values = PANELS[name]
    settings = {**DEFAULTS, parameter: values, "teacher_norm": 1.0}
    table = gk.sweep(problem=gk.relu_network_problem, run=measure, n_seeds=DRAWS, **settings)
    table.insert(0, "panel", name)
    return table.sort_values([parameter, "draw"])


def main():
    table = pd.concat([panel(name) for name in PANELS], ignore_index=True)
    table.to_csv(TABLE, index=False, float_format="%.6g")
    record = {
        "recipe": "book/results/networks_teacher.py",
        "rows": len(table),
        "sha256": hashlib.sha256(TABLE.read_bytes()).hexdigest(),
        "versions": {"grokedu": gk.__version__, "numpy": np.__version__},
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
