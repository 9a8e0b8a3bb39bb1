"""Recomputes book/results/modular.csv and modular_97.csv: modular addition, trained repeatedly.

`make results` runs this file; interrupted, it goes on from there. It takes about ten minutes
on two cores; the run with p = 97 takes three of them and begins anew after an interruption.

modular.csv     t1 and t2 by the answers and by the losses over the weight decay, the learning rate,
                the scale of the start, the share of the table and the modulus. A run stops once
                both t2 are reached and the training loss is below ε, or else after `PATIENCE`
                times 1/(ηλ) steps (`STEPS_WITHOUT_DECAY` if λ = 0). `measure` recomputes a row,
                and a test does so for one at random.
modular_97.csv  The losses and accuracies of one run with p = 97 and 500 neurons, from 30% of the
                table.

Widths, shares and learning rates for the moduli are ours, chosen by a few trial runs. None of the
recorded runs was left out.
"""

import hashlib
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import grokedu as gk

TABLE = Path(__file__).with_suffix(".csv")
LARGE = TABLE.with_name("modular_97.csv")
RECORD = Path(__file__).with_suffix(".json")
UNFINISHED = Path(__file__).with_suffix(".unfinished")
PATIENCE, STEPS_WITHOUT_DECAY = 12, 50_000
LEVEL, TRAIN_THRESHOLD, TEST_THRESHOLD = 0.95, 0.01, 0.3
SMALL = {"modulus": 11, "width": 64, "train_fraction": 0.7, "init_scale": 1.0}
RULE = {"weight_decay": 1e-3, "learning_rate": 1.5}
DECAYS = [2.5e-4, 5e-4, 1e-3, 2e-3]
# panel: what differs from SMALL and RULE, and the number of draws
PANELS = {
    "weight decay": ({"weight_decay": [1.25e-4, *DECAYS, 4e-3, 8e-3]}, 20),
    "learning rate": ({"learning_rate": [0.1875, 0.375, 0.75, 1.5, 2.25]}, 20),
    "start": (
        {
            "init_scale": [0.25, 0.5, 1.0, 1.4, 2.0],
            "learning_rate": 0.08,
            "weight_decay": 2e-3,
        },
        20,
    ),
    "share": ({"train_fraction": [0.5, 0.6, 0.7, 0.8, 0.9]}, 20),
    "no decay": ({"weight_decay": 0.0, "init_scale": [0.25, 1.0]}, 10),
    "p = 17": (
        {
            "modulus": 17,
            "width": 96,
            "train_fraction": 0.6,
            "learning_rate": 1.2,
            "weight_decay": DECAYS,
        },
        20,
    ),
    "p = 23": (
        {
            "modulus": 23,
            "width": 128,
            "train_fraction": 0.55,
            "learning_rate": 1.6,
            "weight_decay": DECAYS,
        },
        12,
    ),
    "p = 31": (
        {
            "modulus": 31,
            "width": 192,
            "train_fraction": 0.5,
            "learning_rate": 2.0,
            "weight_decay": DECAYS[:3],
        },
        8,
    ),
}
LARGE_PROBLEM = {"modulus": 97, "width": 500, "train_fraction": 0.3}
LARGE_RULE = {"weight_decay": 1e-4, "learning_rate": 10.0}
LARGE_STEPS, LARGE_EVERY = 3_000, 25


def measure(problem, weight_decay, learning_rate):
    """t1 and t2 of one run, by the answers and by the losses; None for what it did not reach.

    t1 is the last step with a wrong training answer, or with training loss ≥ ε, and t2 the first
    with 95% of the test answers right, or with test loss ≤ c.
    """
    budget = STEPS_WITHOUT_DECAY
    if weight_decay:
        budget = round(PATIENCE / (learning_rate * weight_decay))
    times = dict.fromkeys(["t1_answers", "t2_answers", "t1_loss", "t2_loss"])
    for done, run in in_pieces(problem, weight_decay, learning_rate, budget, budget // 20):
        if run.diverged:
            return {**dict.fromkeys(times), "end": done + len(run) - 1, "diverged": True}
        late = {"t1_answers": run.train_accuracy < 1, "t1_loss": run.train_loss >= TRAIN_THRESHOLD}
        early = {
            "t2_answers": run.test_accuracy >= LEVEL,
            "t2_loss": run.test_loss <= TEST_THRESHOLD,
        }
        for name, there in late.items():
            if there.any():
                times[name] = done + int(np.flatnonzero(there)[-1])
        for name, there in early.items():
            if times[name] is None and there.any():
                times[name] = done + int(np.argmax(there))
        settled = not late["t1_loss"][-1]
        if settled and None not in (times["t2_answers"], times["t2_loss"]):
            break
    for name, there in late.items():
        if there[-1]:
            times[name] = None  # still so at the end
    end = {"test_accuracy": run.test_accuracy[-1], "test_loss": run.test_loss[-1]}
    return {
        **times,
        "end": done + len(run) - 1,
        "diverged": False,
        **{f"{name}_at_end": float(value) for name, value in end.items()},
    }


def in_pieces(problem, weight_decay, learning_rate, n_steps, piece):
    """(steps done before, run) for one run of `n_steps` steps in pieces."""
    for done in range(0, n_steps, piece):
        run = gk.train_network(
            problem,
            weight_decay=weight_decay,
            learning_rate=learning_rate,
            n_steps=min(piece, n_steps - done),
            progress=False,
        )
        yield done, run
        names = "first_weights", "second_weights", "output_weights"
        problem = replace(problem, **dict(zip(names, run.weights, strict=True)))


def sweep(panel, checkpoint=None, **options):
    changes, n_draws = PANELS[panel]
    return gk.sweep(
        problem=gk.modular_addition_problem,
        run=measure,
        checkpoint=checkpoint,
        **{"n_seeds": n_draws, **options},
        **{**SMALL, **RULE, **changes},
    )


def train_large(file, n_steps=LARGE_STEPS):
    """The run with p = 97, one row for every 25 steps."""
    if file.exists():
        return
    problem = gk.modular_addition_problem(**LARGE_PROBLEM, rng=np.random.default_rng(0))
    run = gk.train_network(problem, **LARGE_RULE, n_steps=n_steps)
    run.to_frame().iloc[::LARGE_EVERY].to_csv(file, index=False)


def main():
    tables = []
    for panel in PANELS:
        print(panel)
        table = sweep(panel, UNFINISHED / panel.replace(" ", "-"), n_jobs=2)
        if len(table) < PANELS[panel][1]:
            sys.exit("Interrupted. What is done is kept: make results goes on from there.")
        tables.append(table.assign(panel=panel))
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "panel", table.pop("panel"))
    table.to_csv(TABLE, index=False)
    print("p = 97")
    train_large(UNFINISHED / LARGE.name)
    shutil.copy(UNFINISHED / LARGE.name, LARGE)
    record = {
        "recipe": "book/results/modular.py",
        "rows": len(table),
        "sha256": hashlib.sha256(TABLE.read_bytes()).hexdigest(),
        "sha256_97": hashlib.sha256(LARGE.read_bytes()).hexdigest(),
        "versions": {"grokedu": gk.__version__, "numpy": np.__version__},
        "python": ".".join(map(str, sys.version_info[:3])),
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n")
    shutil.rmtree(UNFINISHED)


if __name__ == "__main__":
    main()
