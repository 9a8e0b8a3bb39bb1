"""Grids of parameters times random draws, as one tidy table."""

import inspect
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from grokedu.checkpoints import Checkpoint, columns_of, describe
from grokedu.checks import check_count
from grokedu.exact import exact_grokking_times
from grokedu.grokking import grokking_times
from grokedu.modular import ModularAdditionProblem
from grokedu.networks import NetworkProblem
from grokedu.ridge import gaussian_problem
from grokedu.threads import one_blas_thread, stay_on_one_blas_thread

COULD_NOT_RUN = "could not run: "
_TIMES = ("overfit_step", "generalize_step", "delay")
_OWN_COLUMNS = ("point", "draw", "reason", "results")


def exact_times(
    problem, *, weight_decay=1e-4, learning_rate=1.0, train_threshold=0.01, test_threshold=0.01
):
    """t1, t2, delay and the reason why one is missing, from `exact_grokking_times`, for `sweep`."""
    if isinstance(problem, NetworkProblem | ModularAdditionProblem):
        raise ValueError("networks have no closed form: pass method='gradient descent'")
    return _results(
        exact_grokking_times(
            problem,
            weight_decay=weight_decay,
            learning_rate=learning_rate,
            train_threshold=train_threshold,
            test_threshold=test_threshold,
        )
    )


def descent_times(
    problem,
    *,
    weight_decay=1e-4,
    learning_rate=1.0,
    train_threshold=0.01,
    test_threshold=0.01,
    n_steps=None,
):
    """The same as `exact_times` from `n_steps` steps of `train_ridge` or `train_network`."""
    n_steps = check_count("n_steps", n_steps)
    if isinstance(problem, NetworkProblem | ModularAdditionProblem):
        from grokedu.network_training import train_network as train
    else:
        from grokedu.training import train_ridge as train
    run = train(
        problem,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        n_steps=n_steps,
        progress=False,
    )
    thresholds = {"train_threshold": train_threshold, "test_threshold": test_threshold}
    return _results(grokking_times(run, **thresholds))


def _results(times):
    return {name: getattr(times, name) for name in (*_TIMES, "reason")}


_METHODS = {"exact": exact_times, "gradient descent": descent_times}


def sweep(
    *,
    problem=gaussian_problem,
    run=None,
    n_seeds=50,
    seed=0,
    method="exact",
    checkpoint=None,
    n_jobs=-1,
    progress=True,
    **parameters,
):
    """Measure t1 and t2, or what you want, on a grid, `n_seeds` random problems at each point.

    Any parameter of the problem or of the run may be a value or a list of values; lists, tuples and
    arrays are crossed (an array that is one value goes into a list). The defaults are those of the
    paper's Figure 2.

    Parameters
    ----------
    problem : function
        Draws a problem: takes its parameters and `rng` by keyword and returns what `run` takes,
        as `gaussian_problem`, `relu_feature_problem` or your own does.
    run : function, optional
        Takes the problem, and its settings by keyword, and returns a dict of results: numbers,
        text, True, False or None. If it has a parameter `rng`, it gets a generator of its own,
        the same at every grid point. Without it `method` says what is run.
    n_seeds : int
        How many draws, numbered from 0. Draw k uses the same random numbers at every grid point,
        so differences along the grid are not noise.
    seed : int
        What all draws are spawned from; `draw_rng` draws one of them again.
    method : {"exact", "gradient descent"}
        `exact_times`, that is `exact_grokking_times`; or `descent_times`, that is `train_ridge` or
        `train_network` for `n_steps` steps, which cannot see beyond them, and `grokking_times`.
    checkpoint : path, optional
        A folder. Each problem is kept there as soon as it is finished, and the same sweep, called
        again with it, runs only what is missing. More draws may be asked for then; a folder of
        another grid, seed or function is refused. One sweep at a time writes into a folder.
        Needs pyarrow, which ``grokedu[sweeps]`` installs; ``pandas.read_parquet(path)`` reads what
        is there.
    n_jobs : int
        joblib workers; −1 means one per core. On Dask all workers of the cluster run, whatever it
        says. The table depends neither on it nor on the backend that `joblib.parallel_config`
        chooses: loky, threading, multiprocessing or dask. When the process of a worker dies, all
        of these but threading, whose workers are this process, run again what it was doing. If all
        workers of a Dask cluster are gone for good, Dask waits until another comes.
    progress : bool
        Show a progress bar.
    **parameters
        Values or lists for parameters of `problem` and `run`; a name that both have goes to both.
        The others keep the defaults of these functions. Without `run` there are weight_decay,
        learning_rate, train_threshold and test_threshold, as in `train_ridge` and
        `grokking_times`, and n_steps.

    Returns
    -------
    pandas.DataFrame
        One row per run and draw: the parameters of the problem and of the run, `draw`, the results
        and `reason`. The results are those of `run`, or else `overfit_step` (t1),
        `generalize_step` (t2) and `delay`. Whole numbers are nullable integers. Where a problem
        could not be drawn or run, the results are missing and `reason` says why, beginning with
        "could not run: "; so it does where a problem killed the process of its worker.
        Interrupted (Ctrl-C), it returns the rows of the problems that were finished, with a
        warning that says how many those are.

    Raises
    ------
    ValueError
        For arguments that fit no grid point, if no point at all could run, and for a checkpoint of
        another sweep.
    ImportError
        For a checkpoint without pyarrow.
    RuntimeError
        If the Dask scheduler is lost while the sweep runs.
    """
    run = _chosen(run, method)
    n_seeds = check_count("n_seeds", n_seeds)
    seed = check_count("seed", seed, at_least=0)
    for_problem, for_run = _shares(problem, run, parameters)
    points, runs = _grid(for_problem), _grid(_without(for_run, for_problem))
    settings = [[{**point, **one} for one in runs] for point in points]
    tasks = {
        (number, draw): _Task(problem, run, point, all_runs, draw, seed)
        for number, point in enumerate(points)
        for all_runs in [[_only(setting, for_run) for setting in settings[number]]]
        for draw in range(n_seeds)
    }
    if checkpoint is None:
        kept, batch_size = _InMemory(), "auto"
    else:
        told = {"problem": describe(problem), "run": describe(run), "seed": str(seed)}
        for name, value in {**for_problem, **for_run}.items():
            told[f"grid of {name}"] = describe(_listed(name, value))
        # One at a time, or a kill would cost those of a batch that were finished.
        kept, batch_size = Checkpoint(checkpoint, told, settings), 1
    _finish(tasks, kept, n_jobs, progress, batch_size)
    return _as_table(
        [
            {**setting, "draw": draw, **results}
            for number, draw in tasks
            if (number, draw) in kept.done
            for setting, results in zip(settings[number], kept.done[number, draw], strict=True)
        ]
    )


def draw_rng(draw, *, seed=0):
    """The generator of draw number `draw` of a sweep: draws that problem again when passed on.

    The draws of one `seed` are independent (children of one `numpy.random.SeedSequence`).
    """
    draw, seed = _numbers(draw, seed)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw,)))


def run_rng(draw, *, seed=0):
    """The generator that the runs of draw number `draw` get, independent of that of its problem."""
    draw, seed = _numbers(draw, seed)
    return np.random.default_rng(np.random.SeedSequence((seed, 1), spawn_key=(draw,)))


def _numbers(draw, seed):
    return check_count("draw", draw, at_least=0), check_count("seed", seed, at_least=0)


def _chosen(run, method):
    if method not in _METHODS:
        raise ValueError(f"method={method!r}: pass 'exact' or 'gradient descent'")
    if run is None:
        return _METHODS[method]
    if not callable(run):
        raise ValueError(
            f"run={run!r}: pass a function of a problem that returns a dict of results"
        )
    if method != "exact":
        raise ValueError(f"method={method!r} beside run={_named(run)}: leave one of them out")
    return run


def _shares(problem, run, given):
    """What `problem` takes and what `run` takes, with their defaults, so that nothing is unsaid."""
    if not callable(problem):
        raise ValueError(f"problem={problem!r}: pass a function that draws one, not a problem")
    for name in _OWN_COLUMNS:
        if name in given:
            raise ValueError(f"{name}={given[name]!r}: every table has a column of this name")
    names = [_parameters(problem), _parameters(run, after=1)]
    for name in given:
        takers = [own for own in names if name in own] or [own for own in names if "**" in own]
        if not takers:
            raise ValueError(
                f"neither problem={_named(problem)} nor run={_named(run)} takes {name!r}: pass "
                "their parameters by name"
            )
        for own in takers:
            own[name] = given[name]
    if not {"rng", "**"} & names[0].keys():
        raise ValueError(f"problem={_named(problem)} takes no rng: give it one to draw from")
    for_problem, for_run = (_without(own, ("rng", "**")) for own in names)
    for_run |= _only(for_problem, for_run)
    for name, value in {**for_problem, **for_run}.items():
        if value is inspect.Parameter.empty:
            taker = ("problem", problem) if name in for_problem else ("run", run)
            function = f"{taker[0]}={_named(taker[1])}"
            raise ValueError(f"{function} needs {name!r}: pass it by name")
    return for_problem, for_run


def _named(function):
    return getattr(function, "__name__", repr(function))


def _parameters(function, after=0):
    """Names and defaults, with "**" among the names if any other is taken too."""
    parameters = list(inspect.signature(function).parameters.values())[after:]
    many = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    found = {p.name: p.default for p in parameters if p.kind not in many}
    if any(p.kind == inspect.Parameter.VAR_KEYWORD for p in parameters):
        found["**"] = None
    return found


def _only(values, names):
    return {name: value for name, value in values.items() if name in names}


def _without(values, names):
    return {name: value for name, value in values.items() if name not in names}


def _grid(values):
    """All combinations of values that are single or lists, as dicts."""
    lists = [_listed(name, value) for name, value in values.items()]
    return [dict(zip(values, point, strict=True)) for point in product(*lists)]


def _listed(name, value):
    single = np.isscalar(value) or not np.iterable(value) or isinstance(value, dict)
    several = [value] if single else list(value)
    if not several:
        raise ValueError(f"{name}={value!r} is empty: pass a value or a list of values")
    return [v.item() if isinstance(v, np.generic) else v for v in several]


class _InMemory:
    """What a checkpoint is for a sweep without one."""

    def __init__(self):
        self.done = {}

    def add(self, key, results):
        self.done[key] = results

    def merge(self):
        pass


def _finish(tasks, kept, n_jobs, progress, batch_size):
    """Run the tasks that are not kept yet, until the user interrupts."""
    from tqdm.auto import tqdm

    waiting = {key: task for key, task in tasks.items() if key not in kept.done}
    known, alone = len(tasks) - len(waiting), False
    bar = tqdm(total=len(tasks), initial=known, desc="problems", disable=not progress)
    with bar, one_blas_thread():
        try:
            while waiting:
                # When a worker's process has died, the first problems that wait are run alone, one
                # after the other, until one survives: joblib starts them in order, so the one
                # that kills is among the first.
                some = dict(islice(waiting.items(), 1)) if alone else waiting
                try:
                    with closing(_results_of(some, n_jobs, batch_size)) as stream:
                        for key, results in stream:
                            kept.add(key, results)
                            bar.update()
                    alone = False
                except BrokenExecutor as error:
                    if alone:
                        [(key, task)] = some.items()
                        kept.add(key, task.failed(error))
                        bar.update()
                    alone = True
                waiting = {key: task for key, task in waiting.items() if key not in kept.done}
        except KeyboardInterrupt:
            finished = len(tasks) - sum(key not in kept.done for key in tasks)
            if not finished:
                raise
            warnings.warn(
                f"interrupted: the table holds {finished} of {len(tasks)} problems", stacklevel=3
            )
        finally:
            kept.merge()


def _results_of(tasks, n_jobs, batch_size):
    """(key, results) of each task as soon as it is finished, by the engine of `parallel_config`."""
    from joblib.parallel import BACKENDS, Parallel, delayed, get_active_backend

    calls = (delayed(_measure)(key, task) for key, task in tasks.items())
    backend, _ = get_active_backend()
    if hasattr(backend, "client"):
        yield from _results_of_dask(backend.client, tasks)
    elif backend.supports_return_generator:
        parallel = Parallel(n_jobs, return_as="generator_unordered", batch_size=batch_size)
        with closing(parallel(calls)) as stream:
            yield from stream
    elif type(backend) is BACKENDS["multiprocessing"] and backend.effective_n_jobs(n_jobs) > 1:
        yield from _results_of_processes(backend.effective_n_jobs(n_jobs), tasks)
    else:  # an engine that answers when all is done: ask for what takes a second or so
        with Parallel(n_jobs) as parallel:
            size = backend.effective_n_jobs(n_jobs)
            while some := list(islice(calls, size)):
                begun = time.perf_counter()
                yield from parallel(some)
                if time.perf_counter() - begun < 1:
                    size *= 2


def _results_of_processes(n_workers, tasks):
    """The same from the standard library: joblib would wait for ever for a process that died."""
    pool = ProcessPoolExecutor(min(n_workers, len(tasks)))
    try:
        for future in as_completed([pool.submit(_measure, *task) for task in tasks.items()]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _results_of_dask(client, tasks):
    """The same from Dask itself: joblib would wait for ever for a task that kills its workers."""
    from dask.distributed import KilledWorker
    from dask.distributed import as_completed as completed

    sent = client.map(_measure, list(tasks), list(tasks.values()), pure=False)
    futures = dict(zip(sent, tasks, strict=True))
    try:
        for future, result in completed(futures, with_results=True, raise_errors=False):
            key = futures.pop(future)
            if future.status == "finished":
                yield result
            elif future.status != "error":
                raise RuntimeError(
                    f"Dask says that a problem was {future.status}; its scheduler is gone, or the "
                    "client was closed: connect again, and the same call with checkpoint= goes on"
                )
            elif isinstance(error := future.exception(), KilledWorker):
                yield key, tasks[key].failed(error)
            else:
                raise error
    finally:
        if client.status == "running":
            client.cancel(list(futures))


@dataclass(frozen=True)
class _Task:
    """One drawn problem and all its runs."""

    problem: Callable
    run: Callable
    point: dict
    runs: list
    draw: int
    seed: int

    def failed(self, error):
        return [{"reason": _could_not_run(error)} for _ in self.runs]


def _measure(key, task):
    """The results of one drawn problem; one decomposition serves all its runs."""
    stay_on_one_blas_thread()
    rng = draw_rng(task.draw, seed=task.seed)
    drawn, reason = _attempt(task.problem, **task.point, rng=rng)
    results = []
    for settings in task.runs:
        found, why = ({}, reason) if reason else _attempt(_checked_results, task, drawn, settings)
        results.append({"reason": why, **(found or {})})
    return key, results


def _attempt(function, *arguments, **named):
    """(result, ""), or (None, why not): one bad point must not cost the others."""
    try:
        return function(*arguments, **named), ""
    except Exception as error:
        return None, _could_not_run(error)


def _could_not_run(error):
    name = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
    return f"{COULD_NOT_RUN}{name}{error}"


def _checked_results(task, problem, settings):
    if "rng" in inspect.signature(task.run).parameters:
        settings = {**settings, "rng": run_rng(task.draw, seed=task.seed)}
    results = task.run(problem, **settings)
    if not isinstance(results, Mapping):
        raise ValueError(f"run returned {type(results).__name__}: return a dict of results")
    taken = {*task.point, *settings, *_OWN_COLUMNS} - {"reason"}
    plain = {}
    for name, value in results.items():
        if not isinstance(name, str) or name in taken:
            raise ValueError(
                f"run returned a result named {name!r}, as another column is: rename it"
            )
        plain[name] = value.item() if isinstance(value, np.generic) else value
        kinds = str if name == "reason" else int | float | str | None
        if not isinstance(plain[name], kinds):
            raise ValueError(
                f"run returned {name} of type {type(value).__name__}: return numbers, text, True, "
                "False or None"
            )
    return plain


def _as_table(rows):
    import pandas as pd

    if all(row["reason"].startswith(COULD_NOT_RUN) for row in rows):
        why = rows[0]["reason"].removeprefix(COULD_NOT_RUN)
        raise ValueError(f"no point of the grid could run: {why}")
    columns = columns_of(rows)
    results = list(columns)[list(columns).index("draw") + 1 :]
    for name in results:
        if _are_whole(name, columns[name]):  # by itself: pandas would round large ones to floats
            columns[name] = pd.array(columns[name], dtype="Int64")
    return pd.DataFrame(columns)


def _are_whole(name, values):
    """Whether nullable integers hold them all; times are whole even if none exists."""
    there = {type(value) for value in values if value is not None}
    if not there <= {int} or not (there or name in _TIMES):
        return False
    return all(value is None or -(2**63) <= value < 2**63 for value in values)
