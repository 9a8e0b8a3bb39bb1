"""t1 and t2 as an independent reproduction of the paper published them.

The table is that of github.com/MachineLearning-Nerd/icml26-repro-5nNNVY8NW4-grokking; an empty t1
means that the training loss starts below ε and stays there. Its λ are rounded to ten digits,
which changes no integer.
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

import grokedu as gk
from grokedu.grokking import Why

RESULTS = Path(__file__).resolve().parents[1] / "book" / "results"
with open(RESULTS / "published_times.csv") as file:
    ROWS = list(csv.DictReader(file))


def drawn(row):
    """The problem of a row, from three generators of their own."""
    n, m = int(row["n_samples"]), int(row["n_features"])
    first, second, third = map(
        np.random.default_rng, np.random.SeedSequence(int(row["seed"])).spawn(3)
    )
    teacher = second.standard_normal(m)
    teacher *= float(row["teacher_norm"]) / np.linalg.norm(teacher)
    variance = float(row["init_variance"])
    return gk.realizable_problem(
        first.normal(0, 1 / math.sqrt(m), (n, m)),
        teacher,
        math.sqrt(variance) * third.standard_normal(m),
        covariance=1 / m,
        init_variance=variance,
    )


def published(step):
    return int(step) if step else None


def test_there_are_90_rows():
    assert len(ROWS) == 90


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['sweep']}-{row['seed']}")
def test_both_times_are_the_published_integers(row):
    times = gk.exact_grokking_times(
        drawn(row),
        weight_decay=float(row["weight_decay"]),
        learning_rate=float(row["learning_rate"]),
    )
    assert times.overfit_step == published(row["t1"])
    assert times.generalize_step == published(row["t2"])
    if times.overfit_step is None:
        assert times.reasons[0].kind == Why.TRAIN_BELOW_FROM_THE_START
