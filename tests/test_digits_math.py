"""The digits explorer in JavaScript against Python: the same draw, the same curves and times."""

import numpy as np
import pytest
from node import driver
from sklearn.datasets import load_digits

import grokedu as gk
from grokedu.explorers import DigitsExplorer
from grokedu.explorers.digits import SETTINGS
from grokedu.explorers.settings import defaults

javascript = driver("digits")
DEFAULTS = defaults(SETTINGS)
STEPS = (0, 1, 2, 3, 10, 100, 10**3, 10**4, 10**5, 10**6, 10**9, 10**15)


def images(count):
    pixels, digits = load_digits(return_X_y=True)
    return DigitsExplorer(pixels[:count], digits[:count]).images


def random_settings(rng):
    """Anything the controls allow, at stable learning rates; s_max is about 0.33."""
    weight_decay = float(rng.choice([0.0, *10.0 ** rng.uniform(-9, 0, 9)]))
    limit = min(1.9 / (0.34 + weight_decay), 0.99 / max(weight_decay, 1e-9))
    return {
        "weight_decay": weight_decay,
        "learning_rate": float(rng.choice([rng.uniform(0.01, 0.5), rng.uniform(0.5, 0.98)]))
        * limit,
        "init_variance": float(10.0 ** rng.uniform(-4, 4)),
        "label_noise": float(rng.choice([0.0, rng.uniform(0, 0.5)])),
        "n_features": int(rng.choice([500, 1500])),
        "seed": int(rng.integers(3)),
        "train_threshold": float(10.0 ** rng.uniform(-6, 1)),
        "test_threshold": float(10.0 ** rng.uniform(-1, 1)),
        "train_level": float(rng.choice([1.0, rng.uniform(0.5, 1)])),
        "test_level": float(rng.uniform(0.5, 1)),
    }


def rule(settings):
    return {name: settings[name] for name in ("weight_decay", "learning_rate")}


def in_python(problem, settings):
    """Losses, accuracies and outputs at STEPS, and both pairs of times."""
    losses = ("train_threshold", "test_threshold")
    levels = ("train_level", "test_level")
    test = problem.test_features
    outputs = {
        "train": gk.exact_outputs(problem, problem.features, **rule(settings), steps=STEPS),
        "test": gk.exact_outputs(problem, test, **rule(settings), steps=STEPS),
    }
    labels = {"train": problem.targets, "test": problem.test_targets}
    return {
        "exact": gk.exact_ridge(problem, **rule(settings), steps=STEPS),
        "outputs": outputs["test"],
        "accuracy": {s: np.mean(outputs[s] * labels[s] > 0, axis=1) for s in outputs},
        "times": gk.exact_grokking_times(
            problem, **rule(settings), **{name: settings[name] for name in losses}
        ),
        "accurate": gk.accuracy_times(
            problem, **rule(settings), **{name: settings[name] for name in levels}
        ),
    }


def agree(answer, python):
    exact, size = python["exact"], np.abs(python["outputs"]).max()
    np.testing.assert_allclose(answer["train"], exact.train_loss, rtol=1e-9, atol=1e-13 * size**2)
    np.testing.assert_allclose(answer["test"], exact.test_loss, rtol=1e-9)
    outputs = np.reshape(answer["outputs"], python["outputs"].shape)
    np.testing.assert_allclose(outputs, python["outputs"], rtol=1e-9, atol=1e-11 * size)
    for images in ("train", "test"):
        np.testing.assert_allclose(
            answer["accuracy"][images], python["accuracy"][images], atol=1e-15
        )
    for times in ("times", "accurate"):
        assert answer[times]["overfit"] == python[times].overfit_step
        assert answer[times]["generalize"] == python[times].generalize_step
        kinds = [reason["kind"] for reason in answer[times]["reasons"]]
        assert kinds == [reason.kind for reason in python[times].reasons]


@pytest.fixture(scope="module")
def cases():
    """Triples (settings, Python's answer, JavaScript's answer), by seed: nothing is handed over."""
    rng = np.random.default_rng(20261125)
    shown = images(120)
    every = [random_settings(rng) for _ in range(60)]
    cases = [{"settings": settings, "steps": STEPS} for settings in every]
    answers = javascript(action="draw", images=shown, cases=cases)
    return [
        (
            settings,
            in_python(DigitsExplorer.problem_of({**settings, "images": shown}), settings),
            answer,
        )
        for settings, answer in zip(every, answers, strict=True)
    ]


class TestBySeed:
    """The browser draws the problem of a seed by itself, and it is Python's."""

    def test_curves_and_times(self, cases):
        for settings, python, answer in cases:
            try:
                agree(answer, python)
            except AssertionError as error:
                raise AssertionError(f"{settings}") from error

    def test_the_cases_are_of_every_kind(self, cases):
        for times in ("times", "accurate"):
            found = [python[times] for _, python, _ in cases]
            assert sum(t.overfit_step is None for t in found) > 5
            assert sum(t.generalize_step is None for t in found) > 5
            assert sum((t.delay or 0) > 0 for t in found) > 5
        assert sum(s["learning_rate"] * (0.33 + s["weight_decay"]) > 1.1 for s, _, _ in cases) > 10

    @pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
    def test_the_stream_is_that_of_numpy(self, seed):
        answer = javascript(action="random", seed=seed, size=1001)
        rng = np.random.RandomState(seed)
        assert answer["order"] == rng.random_sample(1001).argsort().tolist()
        np.testing.assert_allclose(answer["normals"], rng.standard_normal(1001), rtol=1e-15)


def test_the_book_s_run_with_features_and_start_handed_over():
    """400 images and 3,000 features, at the defaults."""
    shown = images(400)
    problem = DigitsExplorer.problem_of({**DEFAULTS, "images": shown})
    rows = np.vstack([problem.features, problem.test_features])
    handed = {
        "n": problem.n_samples,
        "m": problem.n_features,
        "kernel": (rows @ problem.features.T).ravel().tolist(),
        # At ν² = 1, as the explorer draws it.
        "start": (rows @ problem.initial_weights / 20).tolist(),
        "digits": np.where(
            np.concatenate([problem.targets, problem.test_targets]) > 0, 0, 1
        ).tolist(),
        "flips": [],
    }
    case = {"settings": DEFAULTS, "steps": STEPS}
    [answer] = javascript(action="given", problem=handed, cases=[case])
    python = in_python(problem, DEFAULTS)
    agree(answer, python)
    times = python["accurate"]
    assert times.generalize_step > 50 * times.overfit_step  # it groks
    assert python["accuracy"]["test"][-1] > 0.9  # and has learned


def test_identical_images_with_unlike_labels_are_never_fitted():
    """The Gram matrix is singular, and the residual that no weights remove is counted."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((12, 40)) / 6
    rows[1] = rows[0]
    labels = np.array([1.0, -1.0, *np.where(np.arange(10) % 2, 1.0, -1.0)])
    problem = gk.data_problem(
        rows[:8],
        labels[:8],
        test_features=rows[8:],
        test_targets=labels[8:],
        initial_weights=rng.standard_normal(40),
    )
    handed = {
        "n": 8,
        "m": 40,
        "kernel": (rows @ problem.features.T).ravel().tolist(),
        "start": (rows @ problem.initial_weights).tolist(),
        "digits": np.where(labels > 0, 0, 1).tolist(),
        "flips": [],
    }
    settings = {**DEFAULTS, "init_variance": 1, "learning_rate": 1, "train_threshold": 0.2}
    case = {"settings": settings, "steps": STEPS}
    [answer] = javascript(action="given", problem=handed, cases=[case])
    agree(answer, in_python(problem, settings))
    assert min(answer["train"]) > 0.12
