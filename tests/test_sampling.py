"""Problems drawn in their eigenbasis have the law of problems drawn whole."""

import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

import grokedu as gk
from grokedu import theory

OPTIMIZER = dict(weight_decay=1e-2, learning_rate=0.1)
THRESHOLDS = dict(train_threshold=0.02, test_threshold=0.05)


def sampled(seed=0, **parameters):
    return gk.sampled_problem(rng=np.random.default_rng([60, seed]), **parameters)


def dense(seed=0, **parameters):
    return gk.gaussian_problem(rng=np.random.default_rng([61, seed]), **parameters)


def numbers(problem):
    """Whatever can be read off a problem, and off its run."""
    modes = problem.modes
    times = gk.exact_grokking_times(problem, **OPTIMIZER, **THRESHOLDS)
    run = gk.exact_ridge(problem, **OPTIMIZER, steps=[0, 30, 3000])
    never = math.inf
    return {
        "smallest eigenvalue": modes.eigenvalues[0],
        "middle eigenvalue": modes.eigenvalues[len(modes.eigenvalues) // 2],
        "largest eigenvalue": modes.eigenvalues[-1],
        "seen start": np.sum(modes.start**2),
        "seen teacher": np.sum(modes.teacher**2),
        "fitted noise": np.sum(modes.noise**2),
        "unexplained noise": modes.unexplained_noise,
        "unseen start": modes.unseen_start,
        "unseen overlap": modes.unseen_overlap,
        "unseen teacher": modes.unseen_teacher,
        "t1": never if times.overfit_step is None else times.overfit_step,
        "t2": never if times.generalize_step is None else times.generalize_step,
        "training loss": run.train_loss[1],
        "test loss": run.test_loss[1],
        "final test loss": run.test_loss[2],
    }


class TestLaw:
    @pytest.mark.parametrize(
        ("n", "m", "changes"),
        [
            (12, 40, {}),
            (40, 12, dict(label_noise=0.3)),
            (15, 15, dict(teacher_norm=3.0)),
            (20, 21, dict(init_variance=4.0, label_noise=0.1)),
            (1, 2, {}),
            (5, 9, dict(init_variance=0.0)),
        ],
    )
    def test_two_samples_of_200_cannot_be_told_apart(self, n, m, changes):
        """Kolmogorov–Smirnov, for all that can be read off a problem."""
        size = dict(n_samples=n, n_features=m, **changes)
        ours, theirs = (
            [numbers(draw(seed, **size)) for seed in range(200)] for draw in (sampled, dense)
        )
        for name in ours[0]:
            # What is certain, such as 0 or 1, may differ by rounding.
            one, other = (np.round([row[name] for row in rows], 10) for rows in (ours, theirs))
            assert stats.ks_2samp(one, other, method="asymp").pvalue > 1e-4, name

    @pytest.mark.parametrize(("n", "m"), [(12, 40), (40, 12), (20, 21), (9, 9)])
    def test_the_teacher_has_its_length(self, n, m):
        for variance in (0.0, 1.0):
            modes = sampled(n_samples=n, n_features=m, init_variance=variance).modes
            length = np.sum(modes.teacher**2) + modes.unseen_overlap**2 + modes.unseen_teacher**2
            assert length == pytest.approx(1, rel=1e-13)

    def test_problems_that_differ_in_scale_alone_share_their_draws(self):
        one, other = sampled(1), sampled(1, init_variance=4.0, teacher_norm=3.0, label_noise=1.0)
        np.testing.assert_array_equal(one.modes.singular, other.modes.singular)
        np.testing.assert_allclose(other.modes.start, 2 * one.modes.start, rtol=1e-15)
        np.testing.assert_allclose(other.modes.teacher, 3 * one.modes.teacher, rtol=1e-15)
        assert other.modes.unseen_start == pytest.approx(2 * one.modes.unseen_start, rel=1e-15)

    def test_small_singular_values_keep_their_digits(self):
        """det ΦΦᵀ is the product of the μ_i and of the squared diagonal, for n = m."""
        n = 300
        modes = sampled(2, n_samples=n, n_features=n).modes
        rng = np.random.default_rng([60, 2])
        diagonal = rng.chisquare(n - np.arange(n)) / n
        logs = 2 * np.log(modes.singular).sum(), np.log(diagonal).sum()
        assert logs[0] == pytest.approx(logs[1], abs=1e-8)
        assert modes.singular[0] < 0.01


class TestSize:
    def test_memory_grows_with_n_alone(self):
        """n = 1,000 and m = 10¹²: below a megabyte, and the run is the predicted one."""
        size = dict(n_samples=1000, n_features=10**12)
        tracemalloc.start()
        problem = sampled(**size)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1e6
        optimizer = dict(weight_decay=1e-5, learning_rate=1.0)
        times = gk.exact_grokking_times(problem, **optimizer)
        typical = gk.predictions.ridge_grokking_times(**size, **optimizer)
        assert times.overfit_step == pytest.approx(typical.overfit_step, rel=0.05)
        assert times.generalize_step == pytest.approx(typical.generalize_step, rel=1e-4)


class TestUse:
    def test_curves_come_without_weights(self):
        run = gk.exact_ridge(sampled(), **OPTIMIZER, steps=[0, 9])
        assert run.weights is None and len(run) == 2

    def test_the_gaussian_bounds_hold(self):
        problem = sampled(n_features=10**6)
        optimizer = dict(weight_decay=1e-4, learning_rate=1.0)
        bounds = theory.gaussian_bounds(problem, **optimizer)
        times = gk.exact_grokking_times(problem, **optimizer)
        assert times.overfit_step <= bounds.overfit_step_at_most
        assert times.generalize_step >= bounds.generalize_step_at_least > 0

    @pytest.mark.parametrize(
        "use",
        [
            lambda p: gk.train_ridge(p, **OPTIMIZER, n_steps=3),
            lambda p: gk.ridge_solution(p, weight_decay=0.1),
            lambda p: gk.exact_outputs(p, np.ones((2, 1000)), **OPTIMIZER, steps=[0]),
            lambda p: theory.theorem_4_4(p, **OPTIMIZER),
            lambda p: p.features,
        ],
    )
    def test_what_needs_weights_says_what_to_do(self, use):
        with pytest.raises(ValueError, match=r"exact_ridge and exact_grokking_times, or .* gauss"):
            use(sampled())

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(n_samples=0), "n_samples=0: .* at least 1"),
            (dict(n_features=2.5), "n_features=2.5: .* whole number"),
            (dict(init_variance=-1), "init_variance=-1: pass a number, 0 or more"),
            (dict(teacher_norm=np.nan), "teacher_norm=nan: pass a number, 0 or more"),
            (dict(label_noise=-1), "label_noise=-1: pass a number, 0 or more"),
            (dict(rng=3), "rng=3: pass numpy.random.default_rng"),
        ],
    )
    def test_bad_input(self, change, words):
        with pytest.raises(ValueError, match=words):
            gk.sampled_problem(**{"rng": np.random.default_rng(0), **change})

    def test_a_shape_is_said(self):
        assert "n_samples=100, n_features=1000" in repr(sampled())
