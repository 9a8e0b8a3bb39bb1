"""Times ridge regression against other ways to run it, as ratios within this one run.

Every contender computes the same thing in float64: full-batch gradient descent with weight decay
from the same start, with both losses recorded at every step. Compilation is not counted, except
under "first curve".
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import torch
from measured import tell
from sklearn.linear_model import Ridge

import grokedu as gk

jax.config.update("jax_enable_x64", True)
WEIGHT_DECAY, LEARNING_RATE, N_STEPS = 1e-4, 1.0, 25_000
CONTEST = f"{N_STEPS:,} steps"
RUN = {"weight_decay": WEIGHT_DECAY, "learning_rate": LEARNING_RATE}


def seconds(function, *, repeats=3):
    """The shortest of a few timings, after one call that is not counted."""
    function()
    return min(_timed(function) for _ in range(repeats))


def _timed(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def numpy_loop(problem):
    """θ iterated with NumPy, as in the chapter on the setup."""
    features, targets = problem.features, problem.targets
    weights = problem.initial_weights.copy()
    train_loss, test_loss = np.empty(N_STEPS + 1), np.empty(N_STEPS + 1)
    for step in range(N_STEPS + 1):
        residual = features @ weights - targets
        error = weights - problem.teacher
        train_loss[step] = residual @ residual / (2 * len(targets))
        test_loss[step] = error @ error * problem.covariance
        weights *= 1 - LEARNING_RATE * WEIGHT_DECAY
        weights -= LEARNING_RATE / len(targets) * (features.T @ residual)
    return train_loss, test_loss


def torch_loop(problem):
    """θ iterated with PyTorch, without autograd, losses kept on its side."""
    features, targets, teacher = map(
        torch.from_numpy, (problem.features, problem.targets, problem.teacher)
    )
    weights = torch.from_numpy(problem.initial_weights.copy())
    train_loss = torch.empty(N_STEPS + 1, dtype=torch.float64)
    test_loss = torch.empty(N_STEPS + 1, dtype=torch.float64)
    n_samples, scale = len(targets), float(problem.covariance)
    for step in range(N_STEPS + 1):
        residual = features @ weights - targets
        error = weights - teacher
        train_loss[step] = residual @ residual / (2 * n_samples)
        test_loss[step] = error @ error * scale
        weights.mul_(1 - LEARNING_RATE * WEIGHT_DECAY)
        weights.sub_(features.T @ residual, alpha=LEARNING_RATE / n_samples)
    return train_loss.numpy(), test_loss.numpy()


@jax.jit
def _jax_scan(features, targets, teacher, weights, scale):
    n_samples = targets.shape[0]

    def step(weights, _):
        residual = features @ weights - targets
        error = weights - teacher
        losses = residual @ residual / (2 * n_samples), error @ error * scale
        weights = (1 - LEARNING_RATE * WEIGHT_DECAY) * weights
        return weights - LEARNING_RATE / n_samples * (features.T @ residual), losses

    return jax.lax.scan(step, weights, length=N_STEPS + 1)[1]


def jax_scan(problem):
    """θ iterated inside one compiled `lax.scan`."""
    arrays = (problem.features, problem.targets, problem.teacher, problem.initial_weights)
    losses = _jax_scan(*arrays, float(problem.covariance))
    return tuple(np.asarray(loss.block_until_ready()) for loss in losses)


def dual_parts(problem):
    """What the n-dimensional form needs of a problem."""
    start, teacher = problem.initial_weights, problem.teacher
    fits = problem.features @ start, problem.features @ teacher
    constants = np.array([start @ start, start @ teacher, teacher @ teacher])
    return problem.gram, *fits, problem.targets, constants, float(problem.covariance)


def dual_step(coefficients, x, parts):
    """The losses at θ = x θ(0) + Φᵀβ, and x and β after one step; in NumPy or in JAX."""
    gram, start_fit, teacher_fit, targets, constants, scale = parts
    n_samples, keep = len(targets), 1 - LEARNING_RATE * WEIGHT_DECAY
    fit = gram @ coefficients
    residual = x * start_fit + fit - targets
    inner = 2 * x * start_fit - 2 * teacher_fit + fit
    length = x * x * constants[0] - 2 * x * constants[1] + constants[2]
    losses = residual @ residual / (2 * n_samples), (length + inner @ coefficients) * scale
    return keep * coefficients - LEARNING_RATE / n_samples * residual, keep * x, losses


def numpy_dual_loop(problem):
    """The n-dimensional form in NumPy: what the form alone gains, without compilation."""
    parts, coefficients, x = dual_parts(problem), np.zeros(problem.n_samples), 1.0
    losses = np.empty((N_STEPS + 1, 2))
    for step in range(N_STEPS + 1):
        coefficients, x, losses[step] = dual_step(coefficients, x, parts)
    return losses.T


@jax.jit
def _jax_dual_scan(parts):
    def step(state, _):
        coefficients, x, losses = dual_step(*state, parts)
        return (coefficients, x), losses

    start = jax.numpy.zeros(len(parts[0])), 1.0
    return jax.lax.scan(step, start, length=N_STEPS + 1)[1]


def jax_dual_scan(problem):
    """The n-dimensional form inside one compiled `lax.scan`."""
    return tuple(np.asarray(loss) for loss in _jax_dual_scan(dual_parts(problem)))


def grokedu_kernel(form):
    def run(problem):
        trajectory = gk.train_ridge(problem, **RUN, n_steps=N_STEPS, form=form)
        return trajectory.train_loss, trajectory.test_loss

    return run


def closed_form(problem):
    exact = gk.exact_ridge(problem, **RUN, steps=np.arange(N_STEPS + 1))
    return exact.train_loss, exact.test_loss


def contest():
    """One problem, many ways; all curves are checked against the first before they are timed."""
    print(f"Ridge, n = 100, m = 1000, {N_STEPS:,} steps, both losses at every step (float64)")
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    contenders = {
        "NumPy loop": numpy_loop,
        "PyTorch loop": torch_loop,
        "JAX lax.scan": jax_scan,
        "NumPy loop, n-dimensional form": numpy_dual_loop,
        "JAX lax.scan, n-dimensional form": jax_dual_scan,
        "grokedu, primal kernel": grokedu_kernel("primal"),
        "grokedu, n-dimensional kernel": grokedu_kernel("dual"),
        "grokedu, closed form": closed_form,
    }
    reference = numpy_loop(problem)
    times = {}
    for name, run in contenders.items():
        for curve, expected in zip(run(problem), reference, strict=True):
            np.testing.assert_allclose(curve, expected, rtol=1e-9)
        times[name] = seconds(lambda run=run: run(problem))
    rivals = min(list(times.values())[:3])
    for name, spent in times.items():
        tell("ridge", CONTEST, name, spent, "s", ratio=rivals / spent)


def growth():
    """How the time of the n-dimensional kernel grows; the ratio is to the row before."""
    print("\nGrowth with n (m = 2000), with m (n = 100) and with the number of steps")
    for axis, values in (
        ("n", (20, 50, 100, 200, 500, 1000)),
        ("m", (100, 1000, 10_000, 100_000)),
    ):
        before = None
        for value in values:
            n, m = (value, 2000) if axis == "n" else (100, value)
            problem = gk.gaussian_problem(n_samples=n, n_features=m, rng=np.random.default_rng(0))
            drawing = _timed(lambda problem=problem: problem.modes)
            stepping = seconds(
                lambda problem=problem: gk.train_ridge(problem, **RUN, n_steps=2000, form="dual")
            )
            ratio = before and stepping / before
            step = stepping / 2000 * 1e6
            tell("ridge", f"growth with {axis}: a step", str(value), step, "µs", ratio=ratio)
            tell("ridge", f"growth with {axis}: SVD, once", str(value), drawing, "s")
            before = stepping
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    for steps in (10**4, 10**5, 10**6):
        rule = {"weight_decay": 2.35 / steps, "learning_rate": LEARNING_RATE}  # t2 near `steps`
        descent = partial(gk.train_ridge, problem, **rule, n_steps=steps, progress=False)
        exact = partial(gk.exact_grokking_times, problem, **rule)
        end = gk.exact_ridge(problem, **rule, steps=[steps])
        np.testing.assert_allclose(descent().test_loss[-1], end.test_loss[0], rtol=1e-9)
        tell("ridge", "growth with steps: gradient descent", str(steps), seconds(descent), "s")
        tell("ridge", "growth with steps: t1, t2 in closed form", str(steps), seconds(exact), "s")


def ridge_path():
    """The solutions at 30 weight decays against scikit-learn; ours with the SVD they need."""
    print("\nRidge solutions at 30 weight decays")
    decays = np.geomspace(1e-6, 1, 30)
    for n, m in ((100, 1000), (1000, 2000)):
        problem = gk.gaussian_problem(n_samples=n, n_features=m, rng=np.random.default_rng(0))

        def ours(problem=problem):
            fresh = replace(problem)
            return [gk.ridge_solution(fresh, weight_decay=decay) for decay in decays]

        def theirs(problem=problem, n=n):
            data = problem.features, problem.targets
            model = partial(Ridge, fit_intercept=False, solver="cholesky")
            return [model(alpha=n * decay).fit(*data).coef_ for decay in decays]

        def theirs_at_once(problem=problem, n=n):
            targets = np.repeat(problem.targets[:, None], len(decays), axis=1)
            model = Ridge(alpha=n * decays, fit_intercept=False, solver="svd")
            return model.fit(problem.features, targets).coef_

        def by_hand(problem=problem, n=n):
            features = problem.features
            squares, left = np.linalg.eigh(features @ features.T)
            shrunk = (left.T @ problem.targets) / (squares + n * decays[:, None])
            return shrunk @ left.T @ features

        ways = {
            "grokedu": ours,
            "NumPy, one eigh": by_hand,
            "scikit-learn, one SVD": theirs_at_once,
            "scikit-learn, Cholesky": theirs,
        }
        for way in ways.values():
            np.testing.assert_allclose(way(), ours(), rtol=1e-6, atol=1e-9)
        times = {name: seconds(way) for name, way in ways.items()}
        for name, spent in times.items():
            ratio = spent / times["grokedu"]
            tell("ridge", f"ridge path, n = {n}, m = {m}", name, spent, "s", ratio=ratio)


def first_curve():
    """From the start of Python to the first curve, with an empty and with a filled numba cache."""
    print("\nFirst curve, in a new process")
    script = (
        "import time; started = time.perf_counter()\n"
        "import numpy as np\nnumpy_in = time.perf_counter()\n"
        "import grokedu as gk\nimported = time.perf_counter()\n"
        "p = gk.gaussian_problem(rng=np.random.default_rng(0))\n"
        "gk.exact_ridge(p, weight_decay=1e-4, learning_rate=1.0, steps=range(25_001))\n"
        "exact = time.perf_counter()\n"
        "gk.train_ridge(p, weight_decay=1e-4, learning_rate=1.0, n_steps=25_000)\n"
        "done = time.perf_counter()\n"
        "print(*(t - started for t in (numpy_in, imported, exact, done)))"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        command = [sys.executable, "-c", script]
        for state in ("empty cache", "filled cache"):
            done = subprocess.run(command, env=environment, check=True, capture_output=True)
            parts = ("numpy imported", "grokedu imported", "closed form", "gradient descent")
            for name, at in zip(parts, map(float, done.stdout.split()), strict=True):
                tell("ridge", f"first curve, {state}", name, at, "s")


def figure_two():
    """All four panels of the paper's Figure 2 with 50 draws at every point."""
    panels = {
        "weight_decay": [2e-6, 4e-6, 8e-6, 16e-6, 32e-6],
        "n_samples": [50, 100, 200, 300, 400],
        "n_features": [500, 1000, 2000, 4000, 8000],
        "init_variance": [0.1, 1.0, 10.0, 100.0, 1000.0],
    }
    started = time.perf_counter()
    rows = sum(len(gk.sweep(**{k: v}, n_seeds=50, progress=False)) for k, v in panels.items())
    print("\nThe paper's Figure 2, 50 draws a point")
    tell("ridge", f"Figure 2, {rows} runs", "closed form", time.perf_counter() - started, "s")


if __name__ == "__main__":
    contest()
    growth()
    ridge_path()
    first_curve()
    figure_two()
