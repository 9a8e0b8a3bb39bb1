"""Times momentum, batches and Adam against `torch.optim`, as ratios within this one run.

Every contender takes the same float64 steps from the same start on the same batches, on one thread,
and records both losses at every step. All are held against each other, to 10⁻¹⁰, before they are
timed. Compilation is not counted.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from measured import tell

import grokedu as gk

torch.set_num_threads(1)
N_STEPS = 3000
SETTINGS = {
    "SGD, batches of 10": dict(weight_decay=1e-4, learning_rate=1.0, batch_size=10),
    "SGD, batches of 7, momentum": dict(
        weight_decay=1e-4, learning_rate=1.0, momentum=0.9, batch_size=7
    ),
    "momentum": dict(weight_decay=1e-4, learning_rate=1.0, momentum=0.9),
    "momentum, logistic": dict(weight_decay=1e-4, learning_rate=1.0, momentum=0.9, loss="logistic"),
    "SGD, falling step sizes": dict(
        weight_decay=1e-4, schedule=lambda step: 1 / np.sqrt(1 + step / 1000), batch_size=10
    ),
    "Adam, L2": dict(weight_decay=1e-3, learning_rate=1e-3, optimizer="adam"),
    "Adam, L2, batches of 10": dict(
        weight_decay=1e-3, learning_rate=1e-3, optimizer="adam", batch_size=10
    ),
    "AdamW": dict(weight_decay=0.1, learning_rate=1e-3, optimizer="adamw"),
    "AdamW, logistic, batches of 10": dict(
        weight_decay=0.1, learning_rate=1e-3, optimizer="adamw", loss="logistic", batch_size=10
    ),
}


def with_grokedu(problem, setting):
    run = gk.train_ridge(
        problem, **setting, n_steps=N_STEPS, rng=np.random.default_rng(1), progress=False
    )
    return run.train_loss, run.test_loss, run.weights


def torch_optimizer(weights, setting):
    """The optimizer of the same name, and its scheduler if the step sizes change."""
    options = dict(lr=setting.get("learning_rate", 1.0), weight_decay=setting["weight_decay"])
    kind = setting.get("optimizer", "gradient descent")
    if kind == "gradient descent":
        optimizer = torch.optim.SGD([weights], **options, momentum=setting.get("momentum", 0))
    else:
        optimizer = (torch.optim.Adam if kind == "adam" else torch.optim.AdamW)(
            [weights], **options
        )
    if "schedule" not in setting:
        return optimizer, None
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, setting["schedule"])


def torch_test_loss(problem):
    if isinstance(problem, gk.DataProblem):
        features, targets = map(torch.tensor, (problem.test_features, problem.test_targets))
        return lambda weights: ((features @ weights - targets) ** 2).mean()
    teacher, scale = torch.tensor(problem.teacher), float(problem.covariance)
    return lambda weights: ((weights - teacher) ** 2).sum() * scale


def own_data():
    """Labels of a plane, learned on random ReLU features, with test rows in place of a teacher."""
    rng = np.random.default_rng(2)
    inputs = rng.standard_normal((200, 5))
    labels = np.sign(inputs[:, 0] + 0.3)
    features = gk.relu_features(inputs, n_features=400, rng=rng)(inputs)
    rows = dict(test_features=features[60:], test_targets=labels[60:])
    return gk.data_problem(features[:60], labels[:60], **rows, init_variance=9.0, rng=rng)


def compare_times_on_own_data():
    """t1 and t2 of `data_problem` are those of `torch.optim.SGD`, to the step."""
    problem = own_data()
    setting = dict(weight_decay=1e-3, learning_rate=1.0 / problem.max_curvature)
    ours, theirs = with_grokedu(problem, setting), with_torch(problem, setting)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    run = gk.train_ridge(problem, **setting, n_steps=N_STEPS, progress=False)
    levels = dict(train_threshold=0.1, test_threshold=0.8)
    times = gk.grokking_times(run, **levels)
    of_torch = gk.grokking_times(replace(run, train_loss=theirs[0], test_loss=theirs[1]), **levels)
    exact = gk.exact_grokking_times(problem, **setting, **levels)
    assert times == of_torch == exact, (times, of_torch, exact)
    print(f"  data_problem: as torch.optim.SGD and as the closed form, to the step: {times}")


def with_torch(problem, setting):
    """PyTorch as one writes it: a loss, its `backward`, and a step of the optimizer."""
    features, targets = torch.tensor(problem.features), torch.tensor(problem.targets)
    population_loss = torch_test_loss(problem)
    weights = torch.nn.Parameter(torch.tensor(problem.initial_weights))
    optimizer, scheduler = torch_optimizer(weights, setting)
    n, size, rng = len(targets), setting.get("batch_size"), np.random.default_rng(1)
    order = np.arange(n)

    def data_loss(outputs, targets):
        if setting.get("loss") == "logistic":
            return torch.nn.functional.softplus(-targets * outputs).mean()
        return ((outputs - targets) ** 2).mean() / 2

    train_loss, test_loss = np.empty(N_STEPS + 1), np.empty(N_STEPS + 1)
    batch = 0
    for step in range(N_STEPS + 1):
        with torch.no_grad():
            train_loss[step] = data_loss(features @ weights, targets)
            test_loss[step] = population_loss(weights)
        if step == N_STEPS:
            break
        batch_of = features, targets
        if size:
            if batch % -(-n // size) == 0:
                order, batch = rng.permutation(n), 0
            rows = order[batch * size : (batch + 1) * size]
            batch_of = features[rows], targets[rows]
            batch += 1
        optimizer.zero_grad()
        data_loss(batch_of[0] @ weights, batch_of[1]).backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
    return train_loss, test_loss, weights.detach().numpy()


def seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main():
    print(f"Ridge, n = 100, m = 1000, {N_STEPS:,} steps, both losses at every step (float64)")
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    compare_times_on_own_data()
    labelled = replace(problem, targets=np.sign(problem.targets))
    for name, setting in SETTINGS.items():
        case = labelled if setting.get("loss") == "logistic" else problem
        ours, theirs = (run(case, setting) for run in (with_grokedu, with_torch))
        differences = [
            np.linalg.norm(one - other) / np.linalg.norm(other)
            for one, other in zip(ours, theirs, strict=True)
        ]
        assert max(differences) <= 1e-10, (name, differences)
        ways = {"grokedu": with_grokedu, "PyTorch": with_torch}
        times = {
            way: min(seconds(partial(run, case, setting)) for _ in range(3))
            for way, run in ways.items()
        }
        for way, spent in times.items():
            step, ratio = spent / N_STEPS * 1e6, spent / times["grokedu"]
            tell("optimizers", f"{name}: a step", way, step, "µs", ratio=ratio)


if __name__ == "__main__":
    main()
