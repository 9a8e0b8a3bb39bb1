"""The mathematics of modular addition in JavaScript against the same in Python."""

import numpy as np
import pytest
from node import driver
from test_modular_explorer import trained

from grokedu.explorers.modular import SETTINGS, ModularExplorer
from grokedu.explorers.settings import defaults

javascript = driver("modular")
N_STEPS = 300


def random_settings(rng):
    return {
        **defaults(SETTINGS),
        "modulus": int(rng.integers(5, 24)),
        "width": int(rng.integers(4, 60)),
        "train_fraction": rng.uniform(0.3, 1),
        "init_scale": rng.uniform(0.3, 1.2),
        "seed": int(rng.integers(2**31)),
        "weight_decay": 10.0 ** rng.uniform(-4, -2),
        "learning_rate": rng.uniform(0.1, 0.8),
        "n_steps": N_STEPS,
    }


def test_its_random_numbers_are_those_of_numpy():
    """Normal numbers too, in the tail and at the edges of the ziggurat, but for rounding."""
    cases = [{"seed": seed, "size": 529, "count": 20_000} for seed in (0, 1, 2**31 - 1)]
    for case, drawn in zip(cases, javascript(action="draw", cases=cases), strict=True):
        rng = np.random.default_rng(case["seed"])
        np.testing.assert_array_equal(drawn["order"], rng.permutation(529))
        normals = rng.standard_normal(case["count"])
        assert np.abs(normals).max() > 3.66  # of the tail
        np.testing.assert_allclose(drawn["normals"], normals, rtol=1e-13)


def test_losses_accuracies_and_weights_of_every_step():
    """Also where half a cell is rounded to even, and with no cell left to test."""
    rng = np.random.default_rng(20261125)
    every = [random_settings(rng) for _ in range(8)]
    every += [{**every[0], "modulus": 11, "train_fraction": 0.5}, {**every[1], "train_fraction": 1}]
    cases = [{"settings": settings, "nSteps": N_STEPS} for settings in every]
    for settings, answer in zip(every, javascript(action="train", cases=cases), strict=True):
        run = trained(settings)
        p, m = settings["modulus"], settings["width"]
        rows = np.array(answer["rows"], dtype=float)  # NaN is null in JSON
        losses = np.stack([run.train_loss, run.test_loss], axis=1)
        accuracies = np.stack([run.train_accuracy, run.test_accuracy], axis=1)
        np.testing.assert_allclose(rows[:, :2], losses, rtol=1e-9)
        np.testing.assert_allclose(rows[:, 2:], accuracies, rtol=1e-15)
        output = np.reshape(answer["output"], (m, answer["columns"]))[:, :p]
        ours = (answer["first"], answer["second"], output)
        for mine, weights in zip(ours, run.weights, strict=True):
            np.testing.assert_allclose(
                np.reshape(mine, weights.shape), weights, rtol=1e-7, atol=1e-9
            )
        cells = np.indices((p, p)).reshape(2, -1).T
        problem = ModularExplorer.problem_of(settings)
        guesses = problem.outputs(cells, run.weights).argmax(axis=1)
        assert answer["guesses"] == guesses.tolist()


@pytest.mark.parametrize("modulus", [11, 12])
def test_the_spectrum_of_the_neurons(modulus):
    settings = {**defaults(SETTINGS), "modulus": modulus, "n_steps": 400}
    front = javascript(action="run", settings=settings)["front"]
    power = np.abs(np.fft.fft(trained(settings).weights[0], axis=0)[1:]) ** 2
    both = power + power[::-1]  # k and −k
    half = modulus // 2
    each = both[:half] / np.where(np.arange(1, half + 1) * 2 == modulus, 2, 1)[:, None]
    assert front["frequencies"] == (each.argmax(axis=0) + 1).tolist()
    np.testing.assert_allclose(front["shares"], each.max(axis=0) / power.sum(axis=0), rtol=1e-6)


def test_snapshots_are_close_to_every_step():
    run = javascript(action="run", settings={**defaults(SETTINGS), "n_steps": 2000})
    steps = [snapshot["step"] for snapshot in run["snapshots"]]
    assert (run["phase"], run["front"]["step"], len(run["rows"])) == ("done", 2000, 4 * 2001)
    assert steps[:40] == list(range(40))
    assert np.all(np.diff(steps) <= np.maximum(1, 2000 / 500))
    assert sum(run["seen"]) == round(0.7 * 121)
