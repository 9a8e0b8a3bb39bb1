"""Recomputes book/results/step_ratios.csv: does every step of the paper's network shrink it?

`make results` runs this file. It trains the network of the paper's Figure 1 (right) and takes at
every single step, for both layers, the ratio η ‖∂L_n/∂W_j‖² / (4(1 − ηλ) L_n) of
`gk.theory.network_step_ratios`. A row holds the largest of them over the steps from `first` to
`last` and, for the weights after these steps, ‖W_j‖_F as a share of (1 − ηλ)^t ‖W_j(0)‖_F and
the left side of the condition of `gk.theory.homogeneous_network_bounds`. The run ends once that is
below its limit of 2(1 − ηλ) for both layers, since no later step needs to be checked.
"""

import hashlib
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

import grokedu as gk
from grokedu.sweeps import draw_rng

TABLE = Path(__file__).with_suffix(".csv")
RECORD = Path(__file__).with_suffix(".json")
WEIGHT_DECAY, LEARNING_RATE = 0.1, 1e-4
DRAWS = 1
STEPS = [0, 1, 10, 100, 1_000, 10_000, 46_000]


def measure(draw, steps=STEPS):
    """Rows for one draw, two for each interval between neighbors in `steps`."""
    problem = gk.relu_network_problem(rng=draw_rng(draw))
    layers = (*problem.hidden_weights, problem.output_weights)
    starts = [np.linalg.norm(layer) for layer in layers]
    keep = 1 - LEARNING_RATE * WEIGHT_DECAY
    for first, end in pairwise(steps):
        largest = np.zeros(len(layers))
        for _ in tqdm(range(first, end), desc=f"draw {draw}", leave=False):
            loss = problem.train_loss(layers[:-1], layers[-1])
            gradients = problem.gradients(layers[:-1], layers[-1])
            squares = np.array([np.vdot(gradient, gradient) for gradient in gradients])
            largest = np.maximum(largest, LEARNING_RATE * squares / (4 * keep * loss))
            layers = tuple(
                keep * layer - LEARNING_RATE * gradient
                for layer, gradient in zip(layers, gradients, strict=True)
            )
        now = replace(problem, hidden_weights=layers[:-1], output_weights=layers[-1])
        rule = {"weight_decay": WEIGHT_DECAY, "learning_rate": LEARNING_RATE}
        conditions = gk.theory.homogeneous_network_bounds(now, **rule).conditions
        for j, layer in enumerate(layers):
            yield {
                "draw": draw,
                "layer": j + 1,
                "first": first,
                "last": end - 1,
                "largest_ratio": largest[j],
                "norm_share": np.linalg.norm(layer) / starts[j] / keep**end,
                "condition": conditions["is"][j],
            }


def main():
    rows = [row for draw in range(DRAWS) for row in measure(draw)]
    pd.DataFrame(rows).to_csv(TABLE, index=False, float_format="%.6g")
    record = {
        "recipe": "book/results/step_ratios.py",
        "rows": len(rows),
        "sha256": hashlib.sha256(TABLE.read_bytes()).hexdigest(),
        "versions": {"grokedu": gk.__version__, "numpy": np.__version__},
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
