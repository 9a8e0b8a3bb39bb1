"""The digits explorer: random features of handwritten digits, and the images they get right."""

import math
from functools import lru_cache
from typing import ClassVar

import numpy as np
import traitlets as t

from grokedu.checks import check_array
from grokedu.data import data_problem
from grokedu.exact import accuracy_times
from grokedu.explorers.base import HERE, LEVELS, RULE, some, step_in_words
from grokedu.explorers.ridge import SHORT_WORK, DescentExplorer
from grokedu.explorers.settings import SEED, Setting, traits
from grokedu.training import train_ridge

_PIXELS = 64
_FEWEST, _MOST = 20, 600  # images: some to learn from, and not too many for a page
_SIGNS = "0123456789abcdefg"  # one for each brightness
_DOTS = 40
_STRAIGHT = {"scale": "linear", "step": 0.01}

# At the defaults the model knows every training image after some 10³ steps, and the others after
# some 10⁵: only a large start makes the features that 200 images leave unseen matter for so long.
SETTINGS = (
    Setting("weight_decay", "λ", "weight decay λ", 1e-6, 1e-9, 1.0, zero=True),
    Setting("init_variance", "ν²", "initial variance ν²", 400.0, 1e-4, 1e4),
    Setting("learning_rate", "η", "learning rate η", 4.5, 0.01, 10.0),
    Setting("label_noise", "wrong labels", "share of wrong labels", 0.0, 0.0, 0.5, **_STRAIGHT),
    Setting("n_features", "m", "features m", 3000, 500, 6000, whole=True),
    SEED,
    Setting("train_threshold", "ε", "train threshold ε", 0.01, 1e-6, 10),
    Setting("test_threshold", "c", "test threshold c", 0.3, 1e-6, 10),
    Setting("train_level", "train level", "training accuracy", 1.0, 0.5, 1.0, **_STRAIGHT),
    Setting("test_level", "test level", "test accuracy", 0.9, 0.5, 1.0, **_STRAIGHT),
)


class DigitsExplorer(DescentExplorer):
    """See grokking that learns: even or odd, from random features of handwritten digits.

    Half of the images train, the others test. Both accuracies and losses are shown over the steps,
    and every test image turns right or wrong as the reader moves through training. The page draws
    the features itself; in a notebook every change reruns gradient descent and lays it over the
    exact curves.

    Parameters
    ----------
    images : (k, 64) or (k, 8, 8) array of whole numbers from 0 to 16
        Brightness of the pixels, as in ``sklearn.datasets.load_digits``. The page holds them all:
        400 are about 25 KiB.
    digits : (k,) array of whole numbers from 0 to 9
        What they show.
    **settings
        Initial values: `weight_decay`, `init_variance`, `learning_rate`, `label_noise` (the share
        of training labels that are wrong), `n_features`, `seed`, the thresholds of the losses
        `train_threshold` and `test_threshold`, and those of the accuracies `train_level` and
        `test_level`. The other arguments are those of `Explorer`.

    Attributes
    ----------
    run : dict
        The last run of gradient descent; empty before the first one.
    run_times : dict
        Its t1 and t2 by loss.

    Notes
    -----
    Labels are +1 for even digits and −1 for odd ones. Pixels are centered over the images, and
    each image is scaled to length 1. The features are √(2/m) max(⟨w, x⟩, 0) with w ~ N(0, I), the
    start is drawn from N(0, ν²). Split, features and start come from
    ``numpy.random.RandomState(seed)``, whose stream never changes, so that the browser draws the
    same.

    Raises
    ------
    ValueError
        For images and digits of another kind, and as `Explorer`.
    """

    SETTINGS: ClassVar[tuple] = SETTINGS
    CONTROLS = ("weight_decay", "init_variance", "learning_rate", "label_noise", "test_level")
    GIVEN: ClassVar[tuple] = ("images",)
    _esm = HERE / "digits.bundle.js"

    vars().update(traits(SETTINGS))
    kind = t.Unicode("digits", read_only=True).tag(sync=True)
    images = t.Dict(help="pixels and digits, a sign for each", read_only=True).tag(sync=True)

    def __init__(self, images, digits, **settings):
        packed = _packed(images, digits)
        super().__init__(**settings)
        self.set_trait("images", packed)

    @classmethod
    def problem_of(cls, state):
        """The problem that a seed draws from packed `images`."""
        images = state["images"]
        drawn = _draw(
            images["pixels"],
            images["digits"],
            *(state[name] for name in ("n_features", "seed", "label_noise")),
        )
        return drawn.rescaled(init_variance=state["init_variance"])

    @classmethod
    def _theory_rows(cls, problem, settings, _layers):
        times = accuracy_times(problem, **some(settings, RULE + LEVELS))
        steps = step_in_words(times.overfit_step), step_in_words(times.generalize_step)
        return [("exact, by accuracy", *steps)]

    def _descend(self, problem, rule, n_steps, progress):
        """Gradient descent with pauses to ask how many images are right."""
        pauses = np.unique(np.expm1(np.linspace(0, math.log1p(n_steps), _DOTS)).round().astype(int))
        done, trajectory = 0, None
        steps, shares = [0], [_shares_right(problem, problem.initial_weights)]
        for pause in pauses[1:]:
            trajectory = train_ridge(
                problem,
                **rule,
                n_steps=int(pause) - done,
                start=trajectory,
                allow_unstable=True,
                progress=lambda more, done=done: progress(done + more),
            )
            if trajectory.diverged:
                break
            done = int(trajectory.steps[-1])
            steps.append(done)
            shares.append(_shares_right(problem, trajectory.weights))
            if done < pause:
                break
        train, test = np.array(shares).T.tolist()
        return trajectory, {"accuracy": {"steps": steps, "train": train, "test": test}}

    def _is_short(self, settings):
        n = len(self.images["digits"]) // 2
        decay = settings["learning_rate"] * settings["weight_decay"]
        return decay > 0 and 10 / decay * 2 * n * n <= SHORT_WORK


def _shares_right(problem, weights):
    rows = ((problem.features, problem.targets), (problem.test_features, problem.test_targets))
    return [float(np.mean((features @ weights) * labels > 0)) for features, labels in rows]


def _packed(images, digits):
    """The images as the browser reads them."""
    what = "pass whole numbers from 0 to 16, 64 for each image"
    pixels = check_array("images", images)
    if pixels.shape[1:] not in ((_PIXELS,), (8, 8)):
        raise ValueError(f"images has shape {pixels.shape}: {what}")
    count = len(pixels)
    if not _FEWEST <= count <= _MOST:
        raise ValueError(
            f"images holds {count}: pass {_FEWEST} to {_MOST}, of which one half trains and the "
            "other tests"
        )
    pixels = _whole("images", pixels.reshape(count, _PIXELS), 16, what)
    shown = _whole("digits", digits, 9, "pass the digit of each image, from 0 to 9", (count,))
    return {
        "pixels": "".join(_SIGNS[level] for level in pixels.ravel()),
        "digits": "".join(map(str, shown)),
    }


def _whole(name, values, high, remedy, shape=None):
    """Whole numbers from 0 to `high`."""
    numbers = check_array(name, values, shape)
    wrong = numbers[(numbers != np.floor(numbers)) | (numbers < 0) | (numbers > high)]
    if wrong.size:
        raise ValueError(f"{name} contains {wrong[0]:g}: {remedy}")
    return numbers.astype(int)


@lru_cache(maxsize=4)
def _draw(pixels, digits, n_features, seed, label_noise):
    """The problem at ν² = 1: half of the images train, a share of them with a wrong label."""
    inputs = np.array([_SIGNS.index(sign) for sign in pixels], float).reshape(-1, _PIXELS)
    inputs -= inputs.mean(axis=0)
    lengths = np.linalg.norm(inputs, axis=1, keepdims=True)
    inputs /= np.where(lengths > 0, lengths, 1)
    labels = np.where(np.array([int(digit) for digit in digits]) % 2, -1.0, 1.0)
    n = len(inputs) // 2
    rng = np.random.RandomState(seed)  # the one stream that the browser has too
    order = rng.random_sample(len(inputs)).argsort()
    flips = rng.random_sample(n).argsort()
    drawn = rng.standard_normal((n_features, _PIXELS + 1))
    features = math.sqrt(2 / n_features) * np.maximum(inputs[order] @ drawn[:, :-1].T, 0)
    labels = labels[order]
    targets = labels[:n].copy()
    targets[flips[: math.floor(label_noise * n + 0.5)]] *= -1
    return data_problem(
        features[:n],
        targets,
        test_features=features[n:],
        test_targets=labels[n:],
        initial_weights=drawn[:, -1],
        init_variance=1.0,
    )
