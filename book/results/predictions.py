"""Recomputes book/results/predictions.csv: what random matrix theory predicts, beside fresh draws.

`make results` runs this file; it takes a few minutes. Each row is one time (t1, t2 or their
difference) of one setting: predicted, and mean, median and standard deviation over the draws.
`measure` recomputes the rows of a setting, and a test does so for one of them.

covariance   t2 of features with decaying, spiked and singular spectra, 200 draws each. c is the
             unseen power nκ and ν² = 100, so that the unseen start begins at 100 c.
isotropic    t1 and t2 at 36 settings drawn at random, 20 draws each.
targets      100 delays drawn at random, the λ or ν² that is to make them, and one draw with it.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

import grokedu as gk

TABLE = Path(__file__).with_suffix(".csv")
PANELS = ("covariance", "isotropic", "targets")
INDEX = np.arange(1, 401)
SPECTRA = {
    "isotropic": np.ones(400),
    "i^-0.5": INDEX**-0.5,
    "i^-1": INDEX**-1.0,
    "i^-1.5": INDEX**-1.5,
    "i^-2": INDEX**-2.0,
    "0.98^i": 0.98**INDEX,
    "ten spikes": np.where(INDEX <= 10, 30.0, 1.0),
    "two levels": np.where(INDEX <= 200, 1.0, 0.01),
    "rank 150": np.where(INDEX <= 150, 1.0, 0.0),
}
TIMES = {"t1": "overfit_step", "t2": "generalize_step", "delay": "delay"}


def grid():
    """All settings, as (panel, number)."""
    numbers = {"covariance": 3 * len(SPECTRA), "isotropic": 36, "targets": 100}
    return [(panel, number) for panel in PANELS for number in range(numbers[panel])]


def setting_of(panel, number):
    """The spectrum's name, the problem, the optimizer with its thresholds, and how many draws."""
    rng = np.random.default_rng([PANELS.index(panel), number])
    if panel == "covariance":
        name = list(SPECTRA)[number // 3]
        sigma = SPECTRA[name] / SPECTRA[name].sum()
        n = (25, 50, 100)[number % 3]
        problem = {"n_samples": n, "n_features": 400, "init_variance": 100.0, "covariance": sigma}
        power = gk.predictions.unseen_power(sigma, n)
        rule = {"weight_decay": 1e-7, "learning_rate": 0.1, "test_threshold": power}
        return name, problem, rule, 200
    n = int(rng.integers(50, 200))
    problem = {"n_samples": n, "n_features": int(n * rng.uniform(2, 8))}
    rule = {"learning_rate": float(rng.choice([0.25, 1.0])), "test_threshold": 0.02}
    if panel == "isotropic":
        problem["init_variance"] = float(10 ** rng.uniform(-1, 2))
        rule["weight_decay"] = float(10 ** rng.uniform(-6, -3.5))
        return "isotropic", problem, rule, 20
    delay = float(10 ** rng.uniform(3, 6))
    if number % 2:
        rule["weight_decay"] = gk.predictions.weight_decay_for(delay=delay, **problem, **rule)
    else:
        rule["weight_decay"] = 2 / (delay * rule["learning_rate"])
        problem["init_variance"] = gk.predictions.init_variance_for(delay=delay, **problem, **rule)
    return "isotropic", problem, rule, 1


def measure(panel, number):
    """The rows of one setting."""
    spectrum, problem, rule, n_draws = setting_of(panel, number)
    predicted = gk.predictions.ridge_grokking_times(**problem, **rule)
    spread = gk.predictions.ridge_grokking_spread(**problem, **rule)
    times = []
    for draw in range(n_draws):
        rng = np.random.default_rng([PANELS.index(panel), number, draw])
        times.append(gk.exact_grokking_times(gk.gaussian_problem(**problem, rng=rng), **rule))
    asked = {"covariance": ["t2"], "isotropic": ["t1", "t2"], "targets": ["delay"]}[panel]
    rows = []
    for time in asked:
        steps = np.array([getattr(t, TIMES[time]) for t in times], dtype=np.float64)
        rows.append(
            {
                "panel": panel,
                "setting": number,
                "spectrum": spectrum,
                "n_samples": problem["n_samples"],
                "n_features": problem["n_features"],
                "init_variance": problem.get("init_variance", 1.0),
                **rule,
                "draws": n_draws,
                "time": time,
                "predicted": getattr(predicted, TIMES[time]),
                "predicted_sd": getattr(spread, TIMES[time]),
                "mean": steps.mean(),
                "median": np.median(steps),
                "sd": steps.std(ddof=1) if n_draws > 1 else np.nan,
            }
        )
    return rows


def main():
    every = Parallel(-1, return_as="generator")(delayed(measure)(*place) for place in grid())
    rows = [row for rows in tqdm(every, total=len(grid()), desc="settings") for row in rows]
    pd.DataFrame(rows).to_csv(TABLE, index=False, float_format="%.8g")


if __name__ == "__main__":
    main()
