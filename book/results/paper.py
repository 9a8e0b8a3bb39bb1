"""Recomputes book/results/paper.csv and paper_curves.csv: the paper's figures, but for networks.

`make paper` runs this file; it takes a few minutes. Interrupted, it keeps the problems that are
done and goes on from there, unless the code has changed. networks.py has the other figures, 1
(right) and 4. Every row of paper.csv is one run at the parameters of the paper, with draw k of
`draw_rng(k)`; a row of paper_curves.csv is the mean or the standard deviation over the draws of a
loss or accuracy at the steps that name the columns. `measure` recomputes one run.

What the paper leaves unsaid is run in each way in which it can be read:

figure 1 (left)  Gaussian features as in the theory, or random ReLU features.
figure 3         inputs N(0, I), or N(0, I/d), from which every run starts below ε.
figure 5         a ReLU neuron as teacher, as in figure 3, or the zero teacher.
figure 7         a teacher of mean square 1, or literally a feature, of mean square 1/m.

Grids that the paper does not list are ours: all but that of λ in figure 2.
"""

import copy
import hashlib
import json
import math
import platform
import shutil
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

import grokedu as gk
from grokedu.random_features import PairwiseCovariance, ReluMoments
from grokedu.sweeps import draw_rng

TABLE = Path(__file__).with_suffix(".csv")
CURVES = TABLE.with_name("paper_curves.csv")
RECORD = Path(__file__).with_suffix(".json")
UNFINISHED = Path(__file__).with_suffix(".unfinished")
THRESHOLD = 0.01  # ε and c
FOREVER = 10**13
LOOKS = np.unique(np.geomspace(1, 10**7, 57).round().astype(int))
FINE = np.unique(np.geomspace(1, 10**8, 1000).round().astype(int))
NOISE_LEVELS = [0.0, 0.1, 0.2, 0.5, 1.0]
FREQUENCIES = [1.0, 0.1, 0.03, 0.02, 0.01]


def ridge_run(problem, *, weight_decay, learning_rate=1.0):
    """Times, final loss and curves of one run, in closed form."""
    rule = {"weight_decay": weight_decay, "learning_rate": learning_rate}
    times = gk.exact_grokking_times(problem, **rule)
    losses = gk.exact_ridge(problem, **rule, steps=[0, *LOOKS, FOREVER])
    final = float(losses.test_loss[-1])
    return {
        "overfit_step": times.overfit_step,
        "generalize_step": times.generalize_step,
        "settled_step": settled_step(problem, rule, 1.1 * final) if final > 1e-12 else None,
        "start_train_loss": float(losses.train_loss[0]),
        "start_test_loss": float(losses.test_loss[0]),
        "final_test_loss": final,
        "unseen_loss": float(problem.modes.unseen_start**2 * problem.population_form[-2, -2]),
        **curve("training loss", losses.train_loss[1:-1]),
        **curve("test loss", losses.test_loss[1:-1]),
    }


def settled_step(problem, rule, level):
    """The step from which on the test loss is at most `level`."""
    steps = FINE
    for _ in range(2):  # on a grid, and then at every step of the interval that it found
        above = gk.exact_ridge(problem, **rule, steps=steps).test_loss > level
        if not above.any():
            return int(steps[0])
        last = np.flatnonzero(above)[-1]
        if last + 1 == len(steps):
            return None
        steps = np.arange(steps[last], steps[last + 1] + 1)
    return int(steps[1])


def accuracy_run(drawn, *, weight_decay, learning_rate=1.0):
    """The share of answers with a squared error of at most 0.01, on the samples and elsewhere.

    Its times are those of `LOOKS` around an accuracy of 0.95: the last step below on the samples,
    the first step above elsewhere.
    """
    problem, features, answers = drawn
    rule = {"weight_decay": weight_decay, "learning_rate": learning_rate, "steps": LOOKS}

    def accuracies(features, answers):
        outputs = gk.exact_outputs(problem, features, **rule)
        return np.mean((outputs - answers) ** 2 <= THRESHOLD, axis=1)

    seen = accuracies(problem.features, problem.targets)
    unseen = accuracies(features, answers)
    late = np.flatnonzero(unseen >= 0.95)
    return {
        "overfit_step": int(LOOKS[np.flatnonzero(seen < 0.95)[-1]]),
        "generalize_step": int(LOOKS[late[0]]) if late.size else None,
        "accuracy_at_1000": float(unseen[np.searchsorted(LOOKS, 1000)]),
        "final_accuracy": float(unseen[-1]),
        "zero_accuracy": float(np.mean(answers**2 <= THRESHOLD)),
        **curve("training accuracy", seen),
        **curve("accuracy on new inputs", unseen),
    }


def curve(name, values):
    values = np.where(values < 1e-30, 0.0, values)  # no table needs more
    return {f"{name} at {step}": float(v) for step, v in zip(LOOKS, values, strict=True)}


def zero_teacher(*, rng):
    """The features of figure 3 with all labels 0."""
    drawn = gk.relu_feature_problem(rng=rng)
    nothing = np.zeros(drawn.n_samples)
    return replace(drawn, targets=nothing, misfit_moment=None, misfit_power=0.0)


def small_inputs(*, rng):
    """Figure 3 with inputs N(0, I/d): features and teacher are homogeneous, so both shrink."""
    drawn = gk.relu_feature_problem(rng=rng)
    hidden = drawn.covariance.moments.left
    factor = 1 / math.sqrt(hidden.shape[1])
    return replace(
        drawn,
        features=factor * drawn.features,
        targets=factor * drawn.targets,
        covariance=PairwiseCovariance(len(hidden), ReluMoments(factor * hidden, factor * hidden)),
        feature_norm_bound=factor * drawn.feature_norm_bound,
        misfit_moment=factor**2 * drawn.misfit_moment,
        misfit_power=factor**2 * drawn.misfit_power,
    )


def small_teacher(*, rng):
    """Figure 7 with the factor √(2/m) in the teacher too."""
    drawn = gk.fourier_feature_problem(rng=rng)
    factor = 1 / math.sqrt(drawn.n_features)
    return replace(
        drawn,
        targets=factor * drawn.targets,
        misfit_moment=factor * drawn.misfit_moment,
        misfit_power=factor**2 * drawn.misfit_power,
    )


def with_new_inputs(teacher, *, rng):
    """Figure 5: a problem, and features and right answers of 2,000 inputs beyond the samples."""
    again = copy.deepcopy(rng)
    problem = gk.relu_feature_problem(rng=rng)
    n_samples, input_dim = problem.n_samples, problem.covariance.moments.left.shape[1]
    again.standard_normal((n_samples + problem.n_features) * input_dim)  # inputs, hidden weights
    direction = again.standard_normal(input_dim)
    inputs = rng.standard_normal((2000, input_dim))
    features = np.maximum(inputs @ problem.covariance.moments.left.T, 0)
    answers = np.maximum(inputs @ direction / np.linalg.norm(direction), 0)
    if teacher == "zero":
        problem, answers = replace(problem, targets=np.zeros(n_samples)), np.zeros(2000)
    return problem, features, answers


def neuron_and_new_inputs(*, rng):
    return with_new_inputs("neuron", rng=rng)


def zero_and_new_inputs(*, rng):
    return with_new_inputs("zero", rng=rng)


@dataclass(frozen=True)
class Panel:
    """One panel in one reading: a parameter, its values, and what does not change."""

    problem: object
    draws: int
    parameter: str
    values: list
    fixed: dict = field(default_factory=dict)
    run: object = ridge_run


GAUSSIAN, RELU, FOURIER = gk.gaussian_problem, gk.relu_feature_problem, gk.fourier_feature_problem
SLOW = {"weight_decay": 1e-5}
NOISY = {"n_features": 5000, "input_dim": 50, **SLOW}
PANELS = {
    ("1 left", "Gaussian features"): Panel(
        GAUSSIAN, 50, "weight_decay", [1e-5], {"n_features": 10_000, "teacher_norm": 0.0}
    ),
    ("1 left", "ReLU features"): Panel(zero_teacher, 50, "weight_decay", [1e-5]),
    ("2", "λ"): Panel(GAUSSIAN, 50, "weight_decay", [2e-6, 4e-6, 8e-6, 16e-6, 32e-6]),
    ("2", "n"): Panel(GAUSSIAN, 50, "n_samples", [25, 50, 100, 200, 400], {"weight_decay": 1e-4}),
    ("2", "m"): Panel(
        GAUSSIAN, 50, "n_features", [500, 1000, 2000, 4000, 8000], {"weight_decay": 1e-4}
    ),
    ("2", "ν²"): Panel(
        GAUSSIAN, 50, "init_variance", [0.1, 1.0, 10.0, 100.0, 1000.0], {"weight_decay": 1e-4}
    ),
    ("3", "λ"): Panel(RELU, 20, "weight_decay", [1e-6, 1e-5, 1e-4]),
    ("3", "n"): Panel(RELU, 20, "n_samples", [25, 100, 400], SLOW),
    ("3", "m"): Panel(RELU, 20, "n_features", [1000, 3000, 10_000], SLOW),
    ("3", "ν²"): Panel(RELU, 20, "init_variance", [0.1, 1.0, 10.0], SLOW),
    ("3", "inputs N(0, I/d)"): Panel(small_inputs, 20, "weight_decay", [1e-5]),
    ("5", "neuron"): Panel(neuron_and_new_inputs, 20, "weight_decay", [1e-5], run=accuracy_run),
    ("5", "zero teacher"): Panel(zero_and_new_inputs, 20, "weight_decay", [1e-5], run=accuracy_run),
    ("6", "noise"): Panel(RELU, 20, "label_noise", NOISE_LEVELS, NOISY),
    ("7", "teacher of mean square 1"): Panel(
        FOURIER, 20, "frequency_variance", FREQUENCIES, {"weight_decay": 1e-4}
    ),
    ("7", "teacher of mean square 1/m"): Panel(small_teacher, 20, "weight_decay", [1e-4]),
}
PLACE = ["figure", "panel", "parameter", "value"]


def measure(figure, panel, value, draw):
    """The results of one run, with its curves."""
    plan = PANELS[figure, panel]
    settings = {**plan.fixed, plan.parameter: value}
    rule = {"weight_decay": settings.pop("weight_decay")}
    return plan.run(plan.problem(**settings, rng=draw_rng(draw)), **rule)


def sweep(figure, panel, folder):
    """All runs of one panel as rows; those that are finished are kept in the folder."""
    plan = PANELS[figure, panel]
    table = gk.sweep(
        problem=plan.problem,
        run=plan.run,
        n_seeds=plan.draws,
        checkpoint=folder,
        **plan.fixed,
        **{plan.parameter: plan.values},
    )
    if len(table) < plan.draws * len(plan.values):
        raise KeyboardInterrupt
    failed = table["reason"].replace("", np.nan).dropna()
    if len(failed):
        raise RuntimeError(f"figure {figure}, {panel}: {failed.iloc[0]}")
    place = {"figure": figure, "panel": panel, "parameter": plan.parameter}
    named = [pd.Series(value, table.index, name=name) for name, value in place.items()]
    results = table.iloc[:, table.columns.get_loc("draw") :].drop(columns="reason")
    return pd.concat([*named, table[plan.parameter].rename("value"), results], axis=1)


def curves_of(rows):
    """Mean and standard deviation over draws of all curves of one panel at one value."""
    places = [column.rpartition(" at ") for column in rows.columns]
    found = {}
    for name in dict.fromkeys(place[0] for place in places if place[1] and place[2].isdigit()):
        if f"{name} at {LOOKS[0]}" in rows:
            curves = rows[[f"{name} at {step}" for step in LOOKS]].astype(float)
            found[name, "mean"], found[name, "sd"] = curves.mean(), curves.std()
    return {key: dict(zip(map(str, LOOKS), f, strict=True)) for key, f in found.items()}


def tables(parts):
    """The two tables from the rows of all panels."""
    rows, curves = [], []
    for part in parts:
        plain = [name for name in part if not name.rpartition(" at ")[2].isdigit()]
        rows.append(part[plain])
        if part["figure"].iloc[0] != "2":  # which shows times only
            for place, group in part.groupby(PLACE, sort=False):
                for (name, what), values in curves_of(group).items():
                    curves.append(
                        {**dict(zip(PLACE, place, strict=True)), "curve": name, "of": what} | values
                    )
    whole = ["overfit_step", "generalize_step", "settled_step"]
    return pd.concat(rows, ignore_index=True).astype(dict.fromkeys(whole, "Int64")), pd.DataFrame(
        curves
    )


def fingerprint():
    """What the rows depend on: this recipe and the package."""
    digest = hashlib.sha256(np.__version__.encode())
    for file in [Path(__file__), *sorted(Path(gk.__file__).parent.glob("*.py"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def record(seconds):
    """Parameters, seeds, versions and checksums, for paper.json."""
    return {
        "recipe": "book/results/paper.py",
        "draws": "draw k of a row is grokedu.sweeps.draw_rng(k, seed=0)",
        "panels": [
            {
                "figure": figure,
                "panel": panel,
                "draws": plan.draws,
                **plan.fixed,
                plan.parameter: plan.values,
                "learning_rate": 1.0,
            }
            for (figure, panel), plan in PANELS.items()
        ],
        "sha256": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (TABLE, CURVES)
        },
        "versions": {
            "grokedu": gk.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
        },
        "minutes": round(seconds / 60, 1),
    }


def main():
    folder, begun = UNFINISHED / fingerprint(), time.perf_counter()
    try:
        parts = []
        for number, (figure, panel) in enumerate(PANELS):
            print(f"Figure {figure}: {panel}", flush=True)
            parts.append(sweep(figure, panel, folder / str(number)))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The runs that are done are kept: make paper goes on from there.")
    rows, curves = tables(parts)
    rows.to_csv(TABLE, index=False, float_format="%.8g")
    curves.to_csv(CURVES, index=False, float_format="%.4g")
    RECORD.write_text(json.dumps(record(time.perf_counter() - begun), indent=2) + "\n")
    shutil.rmtree(UNFINISHED)


if __name__ == "__main__":
    main()
