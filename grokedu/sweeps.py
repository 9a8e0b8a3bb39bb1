"""Grids of parameters times random draws, as one tidy table."""

from itertools import product

import numpy as np

from grokedu.checks import check_count
from grokedu.exact import exact_grokking_times
from grokedu.grokking import grokking_times
from grokedu.ridge import gaussian_problem

_PROBLEM = ("n_samples", "n_features", "init_variance", "teacher_norm", "label_noise")
_RUN = ("weight_decay", "learning_rate", "train_threshold", "test_threshold")


def sweep(
    *,
    n_samples=100,
    n_features=1000,
    init_variance=1.0,
    teacher_norm=1.0,
    label_noise=0.0,
    weight_decay=1e-4,
    learning_rate=1.0,
    train_threshold=0.01,
    test_threshold=0.01,
    n_seeds=50,
    seed=0,
    method="exact",
    n_steps=None,
    n_jobs=-1,
    progress=True,
):
    """Measure t1 and t2 of `gaussian_problem` on a grid, `n_seeds` draws at each point.

    Any parameter may be a number or a list of numbers; lists are crossed. The defaults are those
    of the paper's Figure 2.

    Parameters
    ----------
    n_samples, n_features, init_variance, teacher_norm, label_noise : number or list
        Of the problem, as in `gaussian_problem`.
    weight_decay, learning_rate, train_threshold, test_threshold : number or list
        Of the run, as in `train_ridge` and `grokking_times`.
    n_seeds, seed : int
        Draws, numbered 0 … n_seeds − 1, and the seed they all spawn from. Draw k uses the same
        random numbers at every grid point, so differences along the grid are not noise.
    method : {"exact", "gradient descent"}
        `exact_grokking_times`, or `train_ridge` for `n_steps` steps and `grokking_times`.
    n_steps : int, optional
        Needed by gradient descent, which cannot see beyond it.
    n_jobs : int
        joblib workers; −1 means one per core. The table does not depend on it.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row per grid point and draw: the nine parameters, `draw`, `overfit_step` (t1),
        `generalize_step` (t2) and `delay` as nullable integers, and `reason`.

    Raises
    ------
    ValueError
        As the functions above, naming the first bad value.
    """
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    if method not in ("exact", "gradient descent"):
        raise ValueError(f"method={method!r}: pass 'exact' or 'gradient descent'")
    if method == "gradient descent":
        n_steps = check_count("n_steps", n_steps)
    n_seeds = check_count("n_seeds", n_seeds)
    seed = check_count("seed", seed, at_least=0)
    given = locals()
    problems = _grid({name: given[name] for name in _PROBLEM})
    runs = _grid({name: given[name] for name in _RUN})
    tasks = [
        delayed(_measure)(problem, runs, draw, seed, method, n_steps)
        for problem in problems
        for draw in range(n_seeds)
    ]
    results = Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    bar = tqdm(results, total=len(tasks), desc="problems", disable=not progress)
    table = pd.DataFrame([row for rows in bar for row in rows])
    times = ["overfit_step", "generalize_step", "delay"]
    return table.astype(dict.fromkeys(times, "Int64"))


def draw_rng(draw, *, seed=0):
    """The generator of draw number `draw` of a sweep: draws that problem again when passed on.

    The draws of one `seed` are independent (children of one `numpy.random.SeedSequence`).
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw,)))


def _grid(values):
    """All combinations of values that are numbers or lists of numbers, as dicts."""
    lists = []
    for name, value in values.items():
        if np.size(value) == 0:
            raise ValueError(f"{name}={value!r} is empty: pass a number or a list of numbers")
        lists.append(np.atleast_1d(value).tolist())
    return [dict(zip(values, point, strict=True)) for point in product(*lists)]


def _measure(problem_parameters, runs, draw, seed, method, n_steps):
    """The rows of one drawn problem; one eigendecomposition serves all its runs."""
    problem = gaussian_problem(**problem_parameters, rng=draw_rng(draw, seed=seed))
    rows = []
    for run in runs:
        times = _times(problem, run, method, n_steps)
        rows.append(
            {
                **problem_parameters,
                **run,
                "draw": draw,
                "overfit_step": times.overfit_step,
                "generalize_step": times.generalize_step,
                "delay": times.delay,
                "reason": times.reason,
            }
        )
    return rows


def _times(problem, run, method, n_steps):
    if method == "exact":
        return exact_grokking_times(problem, **run)
    from grokedu.training import train_ridge

    thresholds = {name: run[name] for name in _RUN[2:]}
    optimizer = {name: run[name] for name in _RUN[:2]}
    run = train_ridge(problem, **optimizer, n_steps=n_steps, progress=False)
    return grokking_times(run, **thresholds)
