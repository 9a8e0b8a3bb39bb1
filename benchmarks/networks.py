"""Times networks against other ways to train them, as ratios within this one run.

Every contender takes the same full-batch steps in float64 from the same start, on one thread, and
returns the training loss before each step and the weights after the last. Ours is the kernel alone;
`train_network` computes the exact test loss now and then, too. All results are held against each
other. Compilation is not counted.
"""

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import time
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numba
import numpy as np
import scipy.linalg  # noqa: F401  its BLAS, which numba uses, must be loaded to be limited
import torch
from joblib import Parallel, delayed
from measured import tell
from threadpoolctl import threadpool_limits

import grokedu as gk
from grokedu import _kernels
from grokedu.sweeps import draw_rng

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
WEIGHT_DECAY, LEARNING_RATE, N_STEPS = 0.05, 1e-4, 2000
RUN = {"weight_decay": WEIGHT_DECAY, "learning_rate": LEARNING_RATE}
KEEP = 1 - LEARNING_RATE * WEIGHT_DECAY


def shortest_times(functions, *, rounds=4):
    """The shortest time of each function, all taken in turn so that they share the weather."""
    times = dict.fromkeys(functions, np.inf)
    for _ in range(rounds):
        for name, function in functions.items():
            times[name] = min(times[name], _timed(function))
    return times


def _timed(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


@numba.njit
def _bare_products(inputs, hidden_weights, activations, gradient, n_steps):
    for _ in range(n_steps):
        np.dot(inputs, hidden_weights.T, activations)
        np.dot(activations.T, inputs, gradient)


def bare_products(problem):
    """The two matrix products of a step, and nothing else."""
    inputs, (hidden_weights,) = problem.inputs, problem.hidden_weights
    activations = np.empty((len(inputs), len(hidden_weights)))
    _bare_products(inputs, hidden_weights, activations, np.empty_like(hidden_weights), N_STEPS)


def grokedu_kernel(problem, momentum=0.0):
    """The kernel that `train_network` runs."""
    inputs, (hidden,) = problem.inputs, problem.hidden_weights
    layers = hidden.T.copy(), problem.output_weights.reshape(len(hidden), -1).copy()
    velocities = tuple(np.zeros(layer.shape if momentum else (0, 0)) for layer in layers)
    signals = tuple(np.empty((len(inputs), layer.shape[1])) for layer in layers)
    train_loss = np.empty(N_STEPS)
    targets = problem.targets.reshape(len(inputs), -1)
    _kernels.relu_network(
        inputs,
        targets,
        layers,
        velocities,
        signals,
        (np.empty_like(signals[0]),),
        momentum,
        WEIGHT_DECAY,
        LEARNING_RATE,
        train_loss,
    )
    return train_loss, layers[0].T, layers[1].reshape(problem.output_weights.shape)


def train_network(problem):
    return gk.train_network(problem, **RUN, n_steps=N_STEPS, progress=False)


def numpy_loop(problem):
    """The step as in the chapter on networks."""
    inputs, (hidden,), output = problem.inputs, problem.hidden_weights, problem.output_weights
    train_loss = np.empty(N_STEPS)
    for step in range(N_STEPS):
        active = np.maximum(inputs @ hidden.T, 0)
        residual = active @ output - problem.targets
        train_loss[step] = residual @ residual / (2 * len(inputs))
        residual *= LEARNING_RATE / len(inputs)
        errors = np.outer(residual, output) * (active > 0)
        output = KEEP * output - active.T @ residual
        hidden = KEEP * hidden - errors.T @ inputs
    return train_loss, hidden, output


def torch_autograd(problem):
    """PyTorch as one writes it: a loss, its `backward`, and a step of `torch.optim.SGD`."""
    inputs, targets = torch.from_numpy(problem.inputs), torch.from_numpy(problem.targets)
    hidden, output = (
        torch.nn.Parameter(torch.tensor(weights))
        for weights in (problem.hidden_weights[0], problem.output_weights)
    )
    optimizer = torch.optim.SGD([hidden, output], lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    train_loss = torch.empty(N_STEPS, dtype=torch.float64)
    for step in range(N_STEPS):
        optimizer.zero_grad()
        residual = torch.relu(inputs @ hidden.T) @ output - targets
        loss = residual @ residual / (2 * len(targets))
        loss.backward()
        optimizer.step()
        train_loss[step] = loss.detach()
    return train_loss.numpy(), hidden.detach().numpy(), output.detach().numpy()


@torch.no_grad()
def torch_by_hand(problem):
    """PyTorch with the gradient written out, in place where it can be."""
    inputs, targets = torch.from_numpy(problem.inputs), torch.from_numpy(problem.targets)
    hidden, output = torch.tensor(problem.hidden_weights[0]), torch.tensor(problem.output_weights)
    train_loss = torch.empty(N_STEPS, dtype=torch.float64)
    for step in range(N_STEPS):
        active = torch.relu_(inputs @ hidden.T)
        residual = active @ output - targets
        train_loss[step] = residual @ residual / (2 * len(targets))
        residual.mul_(LEARNING_RATE / len(targets))
        errors = torch.outer(residual, output).mul_(active > 0)
        output.mul_(KEEP).sub_(active.T @ residual)
        hidden.mul_(KEEP).sub_(errors.T @ inputs)
    return train_loss.numpy(), hidden.numpy(), output.numpy()


def _jax_loss(weights, inputs, targets):
    hidden, output = weights
    residual = jax.nn.relu(inputs @ hidden.T) @ output - targets
    return residual @ residual / (2 * targets.shape[0])


@jax.jit
def _jax_scan(weights, inputs, targets):
    def step(weights, _):
        loss, gradient = jax.value_and_grad(_jax_loss)(weights, inputs, targets)
        moved = jax.tree.map(lambda w, g: KEEP * w - LEARNING_RATE * g, weights, gradient)
        return moved, loss

    return jax.lax.scan(step, weights, length=N_STEPS)


def jax_scan(problem):
    """JAX: `value_and_grad` inside one compiled `lax.scan`."""
    weights = jnp.asarray(problem.hidden_weights[0]), jnp.asarray(problem.output_weights)
    (hidden, output), train_loss = _jax_scan(weights, problem.inputs, problem.targets)
    return np.asarray(train_loss), np.asarray(hidden), np.asarray(output.block_until_ready())


def contest():
    """The step of the paper's network, many ways."""
    print(f"Two-layer ReLU network, n = d = 50, {N_STEPS} steps, float64, one thread")
    contenders = {
        "NumPy loop": numpy_loop,
        "PyTorch, autograd": torch_autograd,
        "PyTorch, gradient by hand": torch_by_hand,
        "JAX lax.scan": jax_scan,
        "grokedu, kernel": grokedu_kernel,
    }
    for width in (250, 1000, 2000, 4000):
        problem = gk.relu_network_problem(width=width, rng=draw_rng(0))
        reference = numpy_loop(problem)
        for name, run in contenders.items():
            for result, expected in zip(run(problem), reference, strict=True):
                distance = np.linalg.norm(result - expected)
                assert distance <= 1e-10 * np.linalg.norm(expected), name
        ways = {"the two bare products": bare_products, **contenders}
        if width <= 1000:  # the exact test loss costs m² a time
            distance = np.linalg.norm(train_network(problem).weights[0] - reference[1])
            assert distance <= 1e-10 * np.linalg.norm(reference[1])
            ways["grokedu, train_network"] = train_network
        times = shortest_times({name: partial(run, problem) for name, run in ways.items()})
        ours = times["grokedu, kernel"]
        for name, spent in times.items():
            step = spent / N_STEPS * 1e6
            tell("networks", f"m = {width}: a step", name, step, "µs", ratio=spent / ours)


def _relu_loss(problem):
    """The training loss of a ReLU network, of weights as PyTorch tensors."""
    inputs, targets = torch.tensor(problem.inputs), torch.tensor(problem.targets)

    def loss(hidden, output):
        residual = torch.relu(inputs @ hidden.T) @ output - targets
        return residual.square().sum() / (2 * len(targets))

    return loss, (*problem.hidden_weights, problem.output_weights)


def _modular_loss(problem):
    """That of a network of quadratic neurons, with one-hot pairs as rows to look up."""
    first_row, second_row = torch.tensor(problem.train_pairs.T)
    answers = torch.from_numpy(problem.answers(problem.train_pairs))
    targets = torch.nn.functional.one_hot(answers, problem.modulus).double()

    def loss(first, second, output):
        residual = (first[first_row] + second[second_row]).square() @ output - targets
        return residual.square().sum() / (2 * len(targets))

    return loss, (problem.first_weights, problem.second_weights, problem.output_weights)


def _torch_descent(loss, start, learning_rate, momentum):
    """Autograd and `torch.optim.SGD` for the loss of any network."""
    weights = [torch.nn.Parameter(torch.tensor(layer)) for layer in start]
    rule = {"lr": learning_rate, "momentum": momentum, "weight_decay": WEIGHT_DECAY}
    optimizer = torch.optim.SGD(weights, **rule)
    losses = []
    for _ in range(N_STEPS):
        optimizer.zero_grad()
        value = loss(*weights)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return [layer.detach().numpy() for layer in weights], losses


def other_networks():
    """Vectors of outputs, momentum and quadratic neurons against autograd, held and then timed."""
    print(f"\nOther networks, {N_STEPS} steps, against PyTorch's autograd")
    rng = draw_rng(0)
    relu = gk.relu_network_problem(width=250, teacher_width=3, rng=rng)
    answers = rng.standard_normal((50, 10))
    ten = rng.standard_normal((250, 10)) / 16
    ten = replace(relu, output_weights=ten, targets=answers, teacher=None)
    quadratic = gk.modular_addition_problem(modulus=11, width=64, rng=rng)
    networks = {
        "ReLU, m = 250": (relu, _relu_loss, 1e-2),
        "ReLU, m = 250, ten outputs": (ten, _relu_loss, 1e-2),
        "quadratic, p = 11, m = 64": (quadratic, _modular_loss, 0.2),
    }
    for name, (problem, loss_of, learning_rate) in networks.items():
        for momentum in (0.0, 0.9):
            rule = {"learning_rate": learning_rate * (1 - momentum), "momentum": momentum}
            ours = partial(
                gk.train_network,
                problem,
                weight_decay=WEIGHT_DECAY,
                **rule,
                n_steps=N_STEPS,
                progress=False,
            )
            theirs = partial(_torch_descent, *loss_of(problem), **rule)
            (weights, losses), run = theirs(), ours()
            for layer, expected in zip(run.weights, weights, strict=True):
                assert np.linalg.norm(layer - expected) <= 1e-10 * np.linalg.norm(expected), name
            before_the_last = run.steps < N_STEPS
            np.testing.assert_allclose(
                run.train_loss[before_the_last],
                np.take(losses, run.steps[before_the_last]),
                rtol=1e-10,
            )
            times = shortest_times({"ours": ours, "theirs": theirs}, rounds=3)
            case = f"{name}, momentum {momentum}: a step"
            for way, key in (("grokedu", "ours"), ("PyTorch, autograd", "theirs")):
                step, ratio = times[key] / N_STEPS * 1e6, times[key] / times["ours"]
                tell("networks", case, way, step, "µs", ratio=ratio)


def _short_run(draw):
    return train_network(gk.relu_network_problem(rng=draw_rng(draw))).train_loss


def two_runs():
    """Two runs: one after the other, or in two processes."""
    case = f"two runs, m = 1000, {N_STEPS:,} steps each"
    print(f"\n{case}")
    parallel = Parallel(n_jobs=2)
    ways = {
        "one after the other": lambda: [_short_run(draw) for draw in (0, 1)],
        "in parallel": lambda: parallel(delayed(_short_run)(draw) for draw in (0, 1)),
    }
    times, results = {}, {}
    for name, way in ways.items():
        results[name] = way()
        times[name] = min(_timed(way) for _ in range(2))
    for name, spent in times.items():
        for one, other in zip(results[name], next(iter(results.values())), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10)
        ratio = spent / times["in parallel"]
        tell("networks", case, name, spent, "s", ratio=ratio)


def whole_run():
    """To t2 at the paper's λ = 0.05, with the law of the late stage and without."""
    problem, n_steps = gk.relu_network_problem(rng=draw_rng(0)), 160_000
    case = f"a whole run to t2, m = 1000, {n_steps:,} steps"
    print(f"\n{case}")
    times = {}
    for name, tail in (("descent, then the law", "closed form"), ("descent alone", "simulate")):
        started = time.perf_counter()
        run = gk.train_network(problem, **RUN, n_steps=n_steps, tail=tail, progress=False)
        tell("networks", case, name, time.perf_counter() - started, "s")
        times[tail] = gk.grokking_times(run)
    difference = times["closed form"].generalize_step / times["simulate"].generalize_step - 1
    tell("networks", "t2 by the law", "difference", 100 * difference, "%")
    assert times["closed form"].overfit_step == times["simulate"].overfit_step
    assert abs(difference) < 0.005


if __name__ == "__main__":
    with threadpool_limits(1):
        contest()
        other_networks()
    two_runs()
    whole_run()
