"""Grids of parameters times random draws, as one tidy table."""

import inspect
import warnings
from itertools import product

import numpy as np

from grokedu.checks import check_count
from grokedu.exact import exact_grokking_times
from grokedu.grokking import grokking_times
from grokedu.networks import NetworkProblem
from grokedu.ridge import gaussian_problem

COULD_NOT_RUN = "could not run: "


def sweep(
    *,
    problem=gaussian_problem,
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
    **problem_parameters,
):
    """Measure t1 and t2 on a grid, `n_seeds` random problems at each point.

    Any parameter of the problem or of the run may be a value or a list of values; lists, tuples and
    arrays are crossed (an array that is one value goes into a list). The defaults are those of the
    paper's Figure 2.

    Parameters
    ----------
    problem : function
        Draws a problem: takes its parameters and `rng` by keyword and returns a `RidgeProblem` or
        a `NetworkProblem`, as `gaussian_problem`, `relu_feature_problem` or your own does.
    weight_decay, learning_rate, train_threshold, test_threshold : number or list
        Of the run, as in `train_ridge` and `grokking_times`.
    n_seeds, seed : int
        Draws, numbered 0 … n_seeds − 1, and the seed they all spawn from. Draw k uses the same
        random numbers at every grid point, so differences along the grid are not noise.
    method : {"exact", "gradient descent"}
        `exact_grokking_times`, or `train_ridge` or `train_network` for `n_steps` steps and
        `grokking_times`.
    n_steps : int, optional
        Needed by gradient descent, which cannot see beyond it.
    n_jobs : int
        joblib workers; −1 means one per core. The table does not depend on it.
    progress : bool
        Show a progress bar.
    **problem_parameters
        Values or lists for parameters of `problem`. The others keep its defaults.

    Returns
    -------
    pandas.DataFrame
        One row per grid point and draw: the parameters of the problem and of the run, `draw`,
        `overfit_step` (t1), `generalize_step` (t2) and `delay` as nullable integers, and `reason`.
        Where a problem could not be drawn or run, the times are missing and `reason` says why,
        beginning with "could not run: ". Interrupted (Ctrl-C), it returns the rows of the
        problems that were finished, with a warning that says how many those are.

    Raises
    ------
    ValueError
        For arguments that fit no grid point, and if no point at all could run.
    """
    if method not in ("exact", "gradient descent"):
        raise ValueError(f"method={method!r}: pass 'exact' or 'gradient descent'")
    if method == "gradient descent":
        n_steps = check_count("n_steps", n_steps)
    n_seeds = check_count("n_seeds", n_seeds)
    seed = check_count("seed", seed, at_least=0)
    defaults = _defaults(problem, problem_parameters)
    runs = _grid(
        {
            "weight_decay": weight_decay,
            "learning_rate": learning_rate,
            "train_threshold": train_threshold,
            "test_threshold": test_threshold,
        }
    )
    points = [{**defaults, **point} for point in _grid(problem_parameters)]
    tasks = [
        (problem, point, runs, draw, seed, method, n_steps)
        for point in points
        for draw in range(n_seeds)
    ]
    return _as_table(_finished(tasks, n_jobs, progress))


def draw_rng(draw, *, seed=0):
    """The generator of draw number `draw` of a sweep: draws that problem again when passed on.

    The draws of one `seed` are independent (children of one `numpy.random.SeedSequence`).
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw,)))


def _defaults(problem, given):
    """The default of every parameter of `problem`, for a table that leaves nothing unsaid."""
    if not callable(problem):
        raise ValueError(f"problem={problem!r}: pass a function that draws one, not a problem")
    signature = inspect.signature(problem)
    try:
        signature.bind(**given, rng=None)
    except TypeError as error:
        raise ValueError(
            f"problem={problem!r} does not fit: {error}; pass its parameters by name"
        ) from None
    return {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not parameter.empty and name != "rng"
    }


def _grid(values):
    """All combinations of values that are single or lists, as dicts."""
    lists = []
    for name, value in values.items():
        single = np.isscalar(value) or not np.iterable(value) or isinstance(value, dict)
        several = [value] if single else list(value)
        if not several:
            raise ValueError(f"{name}={value!r} is empty: pass a value or a list of values")
        lists.append([v.item() if isinstance(v, np.generic) else v for v in several])
    return [dict(zip(values, point, strict=True)) for point in product(*lists)]


def _finished(tasks, n_jobs, progress):
    """The rows of every task, or of those that were finished when the user interrupted."""
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    numbered = (delayed(_measure)(number, *task) for number, task in enumerate(tasks))
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(numbered)
    done = {}
    try:
        for number, rows in tqdm(results, total=len(tasks), desc="problems", disable=not progress):
            done[number] = rows
    except KeyboardInterrupt:
        if not done:
            raise
        warnings.warn(
            f"interrupted: the table holds {len(done)} of {len(tasks)} problems", stacklevel=3
        )
    finally:
        results.close()
    return [row for number in sorted(done) for row in done[number]]


def _measure(number, problem, parameters, runs, draw, seed, method, n_steps):
    """The rows of one drawn problem; one decomposition serves all its runs."""
    drawn, reason = _attempt(problem, **parameters, rng=draw_rng(draw, seed=seed))
    rows = []
    for run in runs:
        times, why = (None, reason) if reason else _attempt(_times, drawn, run, method, n_steps)
        found = {name: getattr(times, name, None) for name in ("overfit_step", "generalize_step")}
        found |= {"delay": getattr(times, "delay", None), "reason": why or times.reason}
        rows.append({**parameters, **run, "draw": draw, **found})
    return number, rows


def _attempt(function, *arguments, **named):
    """(result, ""), or (None, why not): one bad point must not cost the others."""
    try:
        return function(*arguments, **named), ""
    except Exception as error:
        name = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        return None, f"{COULD_NOT_RUN}{name}{error}"


def _times(problem, run, method, n_steps):
    thresholds = {name: run[name] for name in ("train_threshold", "test_threshold")}
    optimizer = {name: run[name] for name in ("weight_decay", "learning_rate")}
    network = isinstance(problem, NetworkProblem)
    if method == "exact":
        if network:
            raise ValueError("networks have no closed form: pass method='gradient descent'")
        return exact_grokking_times(problem, **run)
    if network:
        from grokedu.network_training import train_network as train
    else:
        from grokedu.training import train_ridge as train
    trajectory = train(problem, **optimizer, n_steps=n_steps, progress=False)
    return grokking_times(trajectory, **thresholds)


def _as_table(rows):
    import pandas as pd

    if all(row["reason"].startswith(COULD_NOT_RUN) for row in rows):
        raise ValueError(f"no point of the grid {rows[0]['reason']}")
    times = ["overfit_step", "generalize_step", "delay"]
    return pd.DataFrame(rows).astype(dict.fromkeys(times, "Int64"))
