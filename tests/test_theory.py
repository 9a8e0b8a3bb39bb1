"""The theorems hold on random problems that meet their conditions, and how loose they are."""

import math

import numpy as np
import pandas as pd
import pytest
from draws import COVARIANCES, examples, known, powers, seeds
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import LinearOperator, aslinearoperator

import grokedu as gk
from grokedu import theory

# Rare enough that 300 draws see no failure of a statement that holds with probability 1 − δ.
DELTA = 1e-6
ENOUGH = math.ceil(32 * math.log(2 / DELTA))  # m − n ≥ 32 ln(2/δ) = 465
STEPS = np.unique(np.r_[0:20, np.geomspace(20, 10**9, 200).astype(np.int64)])
THRESHOLDS = dict(train_threshold=0.01, test_threshold=0.01)
DEFAULTS = dict(weight_decay=1e-4, learning_rate=1.0)


def defaults(seed=0):
    return gk.gaussian_problem(rng=np.random.default_rng(seed))


def curves(problem, optimizer, steps=STEPS):
    return gk.exact_ridge(problem, **optimizer, steps=steps)


def never_above(values, bound, scale):
    """values ≤ bound, up to rounding errors of numbers of size `scale`."""
    assert np.all(values <= bound * (1 + 1e-9) + 1e-15 * scale)


@st.composite
def small_problems(draw, *, teacher_norm, init_variance=None):
    """Small problems of every kind: tall, wide, rank-deficient, with any covariance."""
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 20))
    if init_variance is None:
        init_variance = draw(powers(-2, 2))
    return known(
        np.random.default_rng(draw(seeds)),
        n,
        m,
        draw(st.integers(1, min(n, m))),
        kind=draw(st.sampled_from(COVARIANCES)),
        init_variance=init_variance,
        teacher_norm=teacher_norm if teacher_norm is not None else draw(powers(-1, 1)),
    ).problem


@st.composite
def wide_problems(draw, *, teacher_norm=None):
    """m ≥ n + 465, which statements that hold with probability 1 − 10⁻⁶ ask for."""
    n = draw(st.integers(1, 8))
    m = n + ENOUGH + draw(st.integers(0, 100))
    rng = np.random.default_rng(draw(seeds))
    kind = draw(st.sampled_from(["scalar", "diagonal"]))
    return known(
        rng,
        n,
        m,
        draw(st.integers(1, n)),
        kind=kind,
        init_variance=draw(powers(-1, 2)),
        teacher_norm=draw(powers(-1, 0.5)) if teacher_norm is None else teacher_norm,
    ).problem


shares = st.floats(0.01, 1)


class TestTheorem41:
    """Zero teacher, η ≤ 2/(F + 2λ)."""

    @staticmethod
    def optimizer(problem, lam, share):
        return dict(
            weight_decay=lam,
            learning_rate=share * 2 / (problem.mean_squared_feature_norm + 2 * lam) * (1 - 1e-12),
        )

    @examples(300)
    @given(small_problems(teacher_norm=0.0), powers(-5, 1), shares)
    def test_i_training_loss(self, problem, lam, share):
        """L_n(θ(t)) ≤ (L/2)(1 − ηλ⁺min/n − ηλ)^{2t} ‖θ(0)‖²."""
        optimizer = self.optimizer(problem, lam, share)
        run = curves(problem, optimizer)
        bound = theory.theorem_4_1(problem, **optimizer, steps=STEPS).train_loss_at_most
        never_above(run.train_loss, bound, 1e-3 * bound[0])

    @examples(300)
    @given(wide_problems(teacher_norm=0.0), powers(-5, 1), shares)
    def test_ii_test_loss(self, problem, lam, share):
        """L(θ(t)) ≥ λmin(Σ)(1 − ηλ)^{2t}(m − n)ν²/2."""
        optimizer = self.optimizer(problem, lam, share)
        run = curves(problem, optimizer)
        bounds = theory.theorem_4_1(problem, **optimizer, steps=STEPS)
        assert bounds.failure_probability <= DELTA
        never_above(bounds.test_loss_at_least, run.test_loss, 0)

    @examples(300)
    @given(small_problems(teacher_norm=0.0), powers(-5, 1), shares)
    def test_iii_weights(self, problem, lam, share):
        """‖θ(t)‖² ≤ (1 − ηλ)^{2t} ‖θ(0)‖²."""
        optimizer = self.optimizer(problem, lam, share)
        steps = np.array([0, 1, 2, 5, 30, 300])
        bound = theory.theorem_4_1(problem, **optimizer, steps=steps).squared_norm_at_most
        norms = [curves(problem, optimizer, step).weights for step in steps]
        never_above(np.sum(np.square(norms), axis=1), bound, bound[0])

    @pytest.mark.parametrize("lam", [0.0, 1e-3, 0.3])
    def test_i_is_attained_by_a_single_sample(self, lam):
        """With one sample and θ(0) along it, L = s_max = s_min and (i) is an equality."""
        problem = gk.realizable_problem([[3.0, 0]], [0, 0], [2.0, 0], covariance=1, init_variance=1)
        optimizer = dict(weight_decay=lam, learning_rate=0.1)
        steps = np.arange(30)
        bound = theory.theorem_4_1(problem, **optimizer, steps=steps).train_loss_at_most
        run = curves(problem, optimizer, steps)
        np.testing.assert_allclose(run.train_loss, bound, rtol=1e-12)

    def test_i_at_the_largest_step_size_needs_the_absolute_value(self):
        """η = 2/(F + 2λ) makes ρ = −F/(F + 2λ) on one sample, whose even powers are the bound."""
        problem = gk.realizable_problem([[1.0, 0]], [0, 0], [2.0, 0], covariance=1, init_variance=1)
        optimizer = dict(weight_decay=0.1, learning_rate=2 / 1.2)
        steps = np.arange(30)
        bound = theory.theorem_4_1(problem, **optimizer, steps=steps).train_loss_at_most
        np.testing.assert_allclose(curves(problem, optimizer, steps).train_loss, bound, rtol=1e-12)

    @pytest.mark.parametrize("lam", [0.0, 1e-3, 0.3])
    def test_iii_is_attained_by_a_start_that_the_data_never_see(self, lam):
        """θ(0) ⟂ every sample: θ(t) = (1 − ηλ)^t θ(0)."""
        problem = gk.realizable_problem([[1.0, 0]], [0, 0], [0, 5.0], covariance=1, init_variance=1)
        optimizer = dict(weight_decay=lam, learning_rate=1.0)
        bound = theory.theorem_4_1(problem, **optimizer, steps=[1000]).squared_norm_at_most
        weights = curves(problem, optimizer, 1000).weights
        assert weights @ weights == pytest.approx(bound[0], rel=1e-12)

    def test_ii_is_loose_by_a_factor_of_two(self):
        """E ‖θ⊥(0)‖² = (m − n)ν², twice what (ii) asks; late in the run nothing else is left."""
        problem = gk.gaussian_problem(teacher_norm=0.0, rng=np.random.default_rng(0))
        run = curves(problem, DEFAULTS, [10_000])
        bound = theory.theorem_4_1(problem, **DEFAULTS, steps=[10_000]).test_loss_at_least
        assert run.test_loss[0] / bound[0] == pytest.approx(2.0, rel=0.1)

    def test_failure_probability(self):
        """2e^{−(m−n)/32}, at most 1."""
        found = theory.theorem_4_1(defaults(), **DEFAULTS, steps=[0]).failure_probability
        assert found == pytest.approx(2 * math.exp(-900 / 32), rel=1e-12)
        tall = gk.gaussian_problem(n_samples=9, n_features=5, rng=np.random.default_rng(0))
        bounds = theory.theorem_4_1(tall, **DEFAULTS, steps=[0])
        assert bounds.failure_probability == 1
        assert bounds.test_loss_at_least[0] == 0


def weight_decay_of_4_4(problem, epsilon, share):
    """λ ≤ min{2ε/(3‖θ*‖²), √(Fε)/(√6 ‖θ*‖)}."""
    norm = np.linalg.norm(problem.teacher)
    second = math.sqrt(problem.mean_squared_feature_norm * epsilon / 6) / norm
    return 0.999 * share * min(2 * epsilon / (3 * norm**2), second)


def enlarge_start(problem, factor):
    """The problem with ‖θ(0)‖ = factor · ‖θ*‖, so that ‖θ*‖ ≤ ‖θ(0)‖."""
    start = problem.initial_weights / np.linalg.norm(problem.initial_weights)
    start = start * factor * np.linalg.norm(problem.teacher)
    return gk.RidgeProblem(**{**fields(problem), "initial_weights": start})


def fields(problem):
    return {name: getattr(problem, name) for name in problem.__dataclass_fields__}


class TestTheorem44:
    """Stage I: L_n(θ(t)) ≤ ε for all t ≥ ½ log_{1−ηλ⁺min/n−ηλ}( ε / (6L‖θ(0)‖²) )."""

    @examples(300)
    @given(small_problems(teacher_norm=None), powers(-4, 0), shares, shares, st.floats(1, 30))
    def test_the_training_loss_is_small_from_then_on(self, problem, epsilon, share, other, factor):
        problem = enlarge_start(problem, factor)
        lam = weight_decay_of_4_4(problem, epsilon, other)
        optimizer = dict(
            weight_decay=lam, learning_rate=0.999 * share / (lam + problem.max_curvature)
        )
        step = theory.theorem_4_4(problem, **optimizer, train_threshold=epsilon)
        assert math.isfinite(step)
        times = gk.exact_grokking_times(problem, **optimizer, train_threshold=epsilon)
        # No step from `step` on has L_n > ε.
        assert "never settles" not in times.reason
        assert times.overfit_step is None or times.overfit_step <= step

    def test_its_looseness_at_the_defaults(self):
        """L_n ≤ ε is promised from step ≈ 1400 on and true from about 210 on."""
        ratios = [
            theory.theorem_4_4(problem, **DEFAULTS)
            / gk.exact_grokking_times(problem, **DEFAULTS).overfit_step
            for problem in map(defaults, range(5))
        ]
        assert min(ratios) > 5 and max(ratios) < 8

    def test_it_is_nearly_attained_when_all_of_the_start_is_in_the_slowest_mode(self):
        """Then only the 6 under the logarithm, for the teacher's share and the ½, is lost."""
        problem = gk.realizable_problem(
            [[1.0, 0.0]], [0.01, 0.0], [1000.0, 0.0], covariance=1.0, init_variance=1.0
        )
        optimizer = dict(weight_decay=1e-4, learning_rate=1e-3)
        bound = theory.theorem_4_4(problem, **optimizer)
        measured = gk.exact_grokking_times(problem, **optimizer).overfit_step
        assert 1 < bound / measured < 1.15

    def test_zero_when_the_bound_is_met_from_the_start(self):
        problem = gk.gaussian_problem(init_variance=0.0, rng=np.random.default_rng(0))
        assert theory.theorem_4_4(problem, **DEFAULTS) == 0

    def test_a_step_size_beyond_the_condition_promises_nothing(self):
        problem = gk.realizable_problem([[1.0]], [1.0], [9.0], covariance=1.0)
        assert theory.theorem_4_4(problem, weight_decay=0, learning_rate=1.5) == math.inf


class TestTheorem45:
    """Stage II: L(θ(t)) ≥ c for all t ≤ log_{1−ηλ}( √(2/((m−n)ν²)) (√(c/λmin(Σ)) + ‖θ*‖) )."""

    @staticmethod
    def conditions_met(problem, share):
        """The largest c, ‖θ*‖ and η that the conditions on m and η allow, times `share`."""
        unseen = problem.n_features - problem.n_samples
        variance = problem.init_variance
        c = 0.999 * share * unseen * problem.smallest_population_eigenvalue * variance / 8
        largest = 0.999 * math.sqrt(unseen * variance / 8)
        teacher = problem.teacher * min(1, largest / np.linalg.norm(problem.teacher))
        return c, gk.RidgeProblem(
            **{**fields(problem), "teacher": teacher, "targets": problem.features @ teacher}
        )

    @examples(300)
    @given(wide_problems(), powers(-6, 0), shares, shares)
    def test_the_test_loss_is_large_until_then(self, problem, lam, share, other):
        c, problem = self.conditions_met(problem, other)
        learning_rate = 0.999 * min(share / lam, 2 / (lam + problem.max_curvature))
        optimizer = dict(weight_decay=lam, learning_rate=learning_rate)
        table = gk.theory.conditions(
            problem, **optimizer, test_threshold=c, failure_probability=2 * DELTA
        )
        assert table[table.statement == "4.5"].holds.all()
        step = theory.theorem_4_5(problem, **optimizer, test_threshold=c)
        times = gk.exact_grokking_times(problem, **optimizer, test_threshold=c)
        assert times.generalize_step is None or times.generalize_step >= step

    @pytest.mark.parametrize("seed", range(3))
    def test_a_full_covariance(self, seed):
        rng = np.random.default_rng(seed)
        problem = known(rng, 5, 5 + ENOUGH, 5, kind="full", init_variance=4.0).problem
        optimizer = dict(weight_decay=1e-3, learning_rate=0.5)
        step = theory.theorem_4_5(problem, **optimizer, test_threshold=1.0)
        times = gk.exact_grokking_times(problem, **optimizer, test_threshold=1.0)
        assert 0 < step <= times.generalize_step

    def test_its_looseness_at_the_defaults(self):
        """t2 is about 1.4 times the bound: ½ under the logarithm, and ‖θ*‖ added to √(mc)."""
        ratios = [
            gk.exact_grokking_times(problem, **DEFAULTS).generalize_step
            / theory.theorem_4_5(problem, **DEFAULTS)
            for problem in map(defaults, range(5))
        ]
        assert min(ratios) > 1.30 and max(ratios) < 1.50

    def test_it_is_nearly_attained_for_a_large_start(self):
        """The losses under the logarithm stay; the logarithm itself grows with ν²."""
        problem = gk.gaussian_problem(
            init_variance=1e12, teacher_norm=0.0, rng=np.random.default_rng(0)
        )
        bound = theory.theorem_4_5(problem, **DEFAULTS)
        measured = gk.exact_grokking_times(problem, **DEFAULTS).generalize_step
        assert 1 < measured / bound < 1.03

    def test_where_it_says_nothing(self):
        tall = gk.gaussian_problem(n_samples=9, n_features=5, rng=np.random.default_rng(0))
        assert theory.theorem_4_5(tall, **DEFAULTS) == -math.inf
        singular = gk.realizable_problem(
            [[1.0, 0]], [1, 0], [0, 9], covariance=[1.0, 0.0], init_variance=81.0
        )
        assert theory.theorem_4_5(singular, **DEFAULTS) == -math.inf
        forgetful = gk.gaussian_problem(init_variance=0.0, rng=np.random.default_rng(0))
        assert theory.theorem_4_5(forgetful, **DEFAULTS) == -math.inf
        assert theory.theorem_4_5(defaults(), weight_decay=0, learning_rate=1) == math.inf


class TestGaussianFeaturesOfAnyCovariance:
    """Features φ ~ N(0, Σ) with σ_i ∝ i^{−α}, α from 0 to 2, diagonal or rotated."""

    @staticmethod
    def drawn(seed, n, alpha, variance, teacher_norm):
        sigma = np.arange(1.0, n + ENOUGH + 1) ** -alpha
        rng = np.random.default_rng(seed)
        if seed % 20 == 0:
            basis = np.linalg.qr(rng.standard_normal((len(sigma), len(sigma))))[0]
            sigma = basis * sigma @ basis.T
            sigma = (sigma + sigma.T) / 2
        return gk.gaussian_problem(
            n_samples=n,
            n_features=n + ENOUGH,
            init_variance=variance,
            teacher_norm=teacher_norm,
            covariance=sigma,
            rng=rng,
        )

    @examples(300)
    @given(seeds, st.integers(1, 8), st.floats(0, 2), powers(-2, 2), shares, shares)
    def test_4_4_and_4_5(self, seed, n, alpha, variance, share, other):
        """Wherever all conditions hold, t1 is at most, and t2 at least, what is promised."""
        unseen_length = math.sqrt(ENOUGH * variance / 8)
        problem = self.drawn(seed, n, alpha, variance, 0.99 * other * unseen_length)
        smallest = problem.smallest_population_eigenvalue
        levels = dict(train_threshold=share * variance, test_threshold=0.0)
        levels["test_threshold"] = 0.99 * other * ENOUGH * smallest * variance / 8
        lam = weight_decay_of_4_4(problem, levels["train_threshold"], share)
        rule = dict(weight_decay=lam, learning_rate=0.99 * share / (lam + problem.max_curvature))
        table = theory.conditions(
            problem, **rule, **levels, failure_probability=2 * DELTA, statements=["4.4", "4.5"]
        )
        assert table.holds.all()
        times = gk.exact_grokking_times(problem, **rule, **levels)
        early = theory.theorem_4_4(problem, **rule, train_threshold=levels["train_threshold"])
        late = theory.theorem_4_5(problem, **rule, test_threshold=levels["test_threshold"])
        assert "never settles" not in times.reason
        assert times.overfit_step is None or times.overfit_step <= early
        assert times.generalize_step is None or times.generalize_step >= late

    @examples(300)
    @given(seeds, st.integers(1, 8), st.floats(0, 2), powers(-5, 1), shares)
    def test_4_1(self, seed, n, alpha, lam, share):
        problem = self.drawn(seed, n, alpha, 1.0, 0.0)
        rule = TestTheorem41.optimizer(problem, lam, share)
        assert theory.conditions(problem, **rule, statements="4.1").holds.all()
        steps = STEPS[::7]
        bounds = theory.theorem_4_1(problem, **rule, steps=steps)
        run = curves(problem, rule, steps)
        assert bounds.failure_probability <= 2 * DELTA
        never_above(run.train_loss, bounds.train_loss_at_most, 1e-3 * bounds.train_loss_at_most[0])
        never_above(bounds.test_loss_at_least, run.test_loss, 0)
        never_above(run.weights @ run.weights, bounds.squared_norm_at_most[-1], 1e-10)

    def test_a_singular_covariance_leaves_the_bound_empty_and_the_delay_in_place(self):
        """λmin(Σ) = 0: 4.5 says nothing, and its row of the conditions fails."""
        sigma = np.where(np.arange(1000) < 500, 2e-3, 0.0)
        problem = gk.gaussian_problem(covariance=sigma, rng=np.random.default_rng(0))
        assert theory.theorem_4_5(problem, **DEFAULTS) == -math.inf
        table = theory.conditions(problem, **DEFAULTS, statements="4.5").set_index("assumption")
        assert not table.holds["m ≥ n + 8c/(λmin(Σ) ν²)"]
        assert table.limit["m ≥ n + 8c/(λmin(Σ) ν²)"] == math.inf
        times = gk.exact_grokking_times(problem, **DEFAULTS)
        typical = gk.predictions.ridge_grokking_times(covariance=sigma, **DEFAULTS)
        assert times.delay > 50 * times.overfit_step
        assert times.generalize_step == pytest.approx(typical.generalize_step, rel=0.05)


@st.composite
def bounded_problems(draw, *, n_samples=None):
    """‖φ(x)‖ = b for every x: φ = b (±1, …, ±1)/√m, or b times a random unit vector e_j."""
    rng = np.random.default_rng(draw(seeds))
    n = n_samples or draw(st.integers(1, 60))
    m = draw(st.integers(1, 8))
    b = draw(powers(-1, 1))
    if draw(st.booleans()):
        features = rng.choice([-1.0, 1.0], (n, m)) * b / math.sqrt(m)
        sigma = b**2 / m
    else:
        chances = rng.dirichlet(np.full(m, 2.0))
        features = b * np.eye(m)[rng.choice(m, n, p=chances)]
        sigma = b**2 * chances
    teacher = rng.standard_normal(m)
    return gk.realizable_problem(
        features,
        draw(powers(-1, 1)) * teacher / np.linalg.norm(teacher),
        rng.standard_normal(m),
        covariance=sigma,
        init_variance=1.0,
        feature_norm_bound=b,
    )


class TestTheorem46:
    """Stage III: ‖θ*_λ‖ ≤ ‖θ*‖, L_n(θ*_λ) ≤ λ‖θ*‖²/2, and L(θ*_λ) ≤ 2 L_n(θ*_λ) + ε."""

    @examples(300)
    @given(small_problems(teacher_norm=None), powers(-6, 3))
    def test_for_certain(self, problem, lam):
        bounds = theory.theorem_4_6(problem, weight_decay=lam)
        solution = gk.ridge_solution(problem, weight_decay=lam)
        never_above(np.linalg.norm(solution), bounds.norm_at_most, 1)
        never_above(problem.train_loss(solution), bounds.train_loss_at_most, 1e-10)

    @examples(300)
    @given(bounded_problems(), powers(-4, 1), shares)
    def test_gradient_descent_converges_to_the_ridge_solution(self, problem, lam, share):
        """η ≤ 1/(λ + b²)."""
        learning_rate = share / (lam + problem.feature_norm_bound**2)
        end = curves(problem, dict(weight_decay=lam, learning_rate=learning_rate), 10**15)
        solution = gk.ridge_solution(problem, weight_decay=lam)
        np.testing.assert_allclose(end.weights, solution, rtol=0, atol=1e-11)

    def test_generalization_over_draws(self):
        """L(θ*_λ) ≤ 2 L_n(θ*_λ) + tolerance in 1 − δ of the draws, and not for far less.

        The features are (1, 0) or (0, 1), the teacher sees the first only, and λ is so large that
        the error of θ*_λ ≈ 0 is a coin toss: the loss over samples scatters most.
        """
        delta, n, lam = 0.2, 8000, 1e6
        rng = np.random.default_rng(0)
        excess = []
        for _ in range(300):
            problem = gk.realizable_problem(
                np.eye(2)[rng.integers(2, size=n)],
                [1.0, 0.0],
                [0.0, 0.0],
                covariance=0.5,
                feature_norm_bound=1.0,
            )
            solution = gk.ridge_solution(problem, weight_decay=lam)
            excess.append(problem.test_loss(solution) - 2 * problem.train_loss(solution))

        def tolerance(samples_needed):  # at which n samples are just enough
            return math.sqrt(samples_needed / n)

        printed = theory.theorem_4_6(
            problem, weight_decay=lam, tolerance=1.0, failure_probability=delta
        )
        # `final_loss_bound` spends a quarter of ε and half of δ here.
        sharp = theory.final_loss_bound(
            problem, weight_decay=lam, train_threshold=1.0, failure_probability=2 * delta
        )
        found = np.quantile(excess, 1 - delta)
        assert 1 / 8 < found / (tolerance(sharp.samples_needed) / 4) < 1
        assert tolerance(printed.samples_needed) < 1  # the error of the zero predictor: not vacuous
        assert 1 / 250 < found / tolerance(printed.samples_needed) < 1 / 150

    def test_its_looseness(self):
        """The ε it promises at n = 100 is over 10⁴ times the excess loss that is found."""
        problem = defaults()
        solution = gk.ridge_solution(problem, weight_decay=1e-4)
        excess = problem.test_loss(solution) - 2 * problem.train_loss(solution)
        needed = theory.theorem_4_6(problem, weight_decay=1e-4, tolerance=1.0).samples_needed
        assert excess < 0.001
        assert 1e4 < math.sqrt(needed / 100) / excess < 3e4

    def test_training_loss_is_nearly_attained_at_small_lambda_or_large(self):
        """L_n = λ‖θ*‖²/2 · s λ/(s + λ)² · … is at most ⅛ λ‖θ*‖², at λ = s: a quarter of it."""
        problem = gk.realizable_problem([[1.0]], [3.0], [0.0], covariance=1.0)
        ratios = [
            problem.train_loss(gk.ridge_solution(problem, weight_decay=lam))
            / theory.theorem_4_6(problem, weight_decay=lam).train_loss_at_most
            for lam in (0.1, 1.0, 10.0)
        ]
        np.testing.assert_allclose(ratios, [0.1 / 1.21, 0.25, 10 / 121], rtol=1e-12)

    def test_norm_is_attained_without_weight_decay(self):
        problem = known(np.random.default_rng(0), 30, 5, 5).problem
        bounds = theory.theorem_4_6(problem, weight_decay=0)
        norm = np.linalg.norm(gk.ridge_solution(problem, weight_decay=0))
        assert norm == pytest.approx(bounds.norm_at_most, rel=1e-12)

    def test_samples_needed(self):
        """2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), with the constants written out."""
        bounds = theory.theorem_4_6(defaults(), weight_decay=1e-4)
        expected = 2048 * 1.5**2 / 0.01**2 * math.log(4 / 0.05)
        assert bounds.samples_needed == pytest.approx(expected, rel=1e-12)


@st.composite
def end_to_end_problems(draw):
    """Bounded features in many dimensions, η < 1/(λ + b²), λ as 4.4 asks, m as 4.5 asks."""
    rng = np.random.default_rng(draw(seeds))
    n, b = draw(st.integers(1, 8)), draw(powers(-0.5, 0.5))
    m = n + ENOUGH
    features = rng.choice([-1.0, 1.0], (n, m)) * b / math.sqrt(m)
    variance = draw(powers(-1, 2))
    teacher = rng.standard_normal(m)
    norm = 0.999 * draw(shares) * math.sqrt((m - n) * variance / 8)
    problem = gk.realizable_problem(
        features,
        norm * teacher / np.linalg.norm(teacher),
        math.sqrt(variance) * rng.standard_normal(m),
        covariance=b**2 / m,
        init_variance=variance,
        feature_norm_bound=b,
    )
    epsilon = draw(powers(-4, 0)) * b**2
    c = 0.999 * draw(powers(-4, 0)) * (m - n) * b**2 / m * variance / 8
    # ηλ ≤ ½: see `test_equation_7_needs_a_small_step`.
    lam = min(weight_decay_of_4_4(problem, epsilon, draw(shares)), b**2)
    learning_rate = 0.999 * draw(shares) / (lam + b**2)
    optimizer = dict(weight_decay=lam, learning_rate=learning_rate)
    return problem, optimizer, dict(train_threshold=epsilon, test_threshold=c)


class TestTheorem42:
    """End to end, as Eqs. (6) and (7), and L(θ(t)) ≤ ε for all sufficiently large t."""

    @examples(300)
    @given(end_to_end_problems())
    def test_both_bounds(self, given_problem):
        problem, optimizer, thresholds = given_problem
        table = theory.conditions(
            problem, **optimizer, **thresholds, failure_probability=2 * DELTA, statements="4.2"
        ).set_index("assumption")
        # All but the sample size and c ≥ ε, which only stage III needs.
        assert table.holds.drop(["n ≥ 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), ξ = ε", "c ≥ ε"]).all()
        bounds = theory.grokking_bounds(problem, **optimizer, **thresholds)
        times = gk.exact_grokking_times(problem, **optimizer, **thresholds)
        assert "never settles" not in times.reason
        if times.overfit_step is not None:
            assert times.overfit_step <= bounds.overfit_step_at_most
        if times.generalize_step is not None:
            assert times.generalize_step >= bounds.generalize_step_at_least

    @examples(100)
    @given(bounded_problems(), powers(-4, 0), shares)
    def test_the_end_with_constants(self, problem, epsilon, share):
        """λ‖θ*‖² + ε/4 ≤ 11ε/12 < ε, where λ‖θ*‖² is what certainly bounds 2 L_n(θ*_λ)."""
        at_most = theory.final_loss_bound(
            problem, weight_decay=0, train_threshold=epsilon
        ).weight_decay_at_most
        lam = share * at_most
        bound = theory.final_loss_bound(problem, weight_decay=lam, train_threshold=epsilon)
        assert bound.test_loss_at_most <= 11 / 12 * epsilon * (1 + 1e-12)
        train_loss = problem.train_loss(gk.ridge_solution(problem, weight_decay=lam))
        assert 2 * train_loss + epsilon / 4 <= bound.test_loss_at_most * (1 + 1e-12)

    @pytest.mark.parametrize("epsilon", [0.01, 1.0])
    @pytest.mark.parametrize("delta", [1e-9, 0.05, 0.99])
    def test_the_end_needs_fewer_samples_than_the_paper_asks_for(self, epsilon, delta):
        """16 (2 + ln(2/δ)) ≤ 2048 ln(4/δ), times b⁴‖θ*‖⁴/ε²."""
        problem = defaults()
        ours = theory.final_loss_bound(
            problem, weight_decay=0, train_threshold=epsilon, failure_probability=delta
        )
        paper = theory.theorem_4_6(
            problem, weight_decay=0, tolerance=epsilon, failure_probability=delta
        )
        expected = 16 * (2 + math.log(2 / delta)) * 1.5**2 / epsilon**2
        assert ours.samples_needed == pytest.approx(expected, rel=1e-12)
        assert ours.samples_needed < paper.samples_needed
        assert ours.weight_decay_at_most == pytest.approx(2 * epsilon / 3, rel=1e-12)

    def test_a_complete_instance(self):
        """300 samples are enough for a small teacher, and the loss then ends where promised."""
        rng = np.random.default_rng(0)
        features = rng.standard_normal((300, 1000))
        problem = gk.realizable_problem(
            features / np.linalg.norm(features, axis=1, keepdims=True),
            np.r_[0.06, np.zeros(999)],
            rng.standard_normal(1000),
            covariance=1 / 1000,
            init_variance=1.0,
            feature_norm_bound=1.0,
        )
        optimizer = dict(weight_decay=1e-4, learning_rate=0.5)
        thresholds = dict(train_threshold=0.002, test_threshold=0.002)
        table = theory.conditions(problem, **optimizer, **thresholds, statements="4.2")
        assert table.assumption[~table.holds].tolist() == ["n ≥ 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), ξ = ε"]
        end = theory.final_loss_bound(
            problem, weight_decay=1e-4, train_threshold=0.002, failure_probability=0.5
        )
        assert end.samples_needed <= 300 and end.weight_decay_at_most >= 1e-4
        assert end.test_loss_at_most < 0.002
        level = dict(thresholds, test_threshold=end.test_loss_at_most)
        assert gk.exact_grokking_times(problem, **optimizer, **level).generalize_step is not None

    def test_equation_6(self):
        """n ln(6b²‖θ(0)‖²/ε) / (2ηλ⁺min)."""
        problem = defaults()
        smallest = np.linalg.eigvalsh(problem.features @ problem.features.T)[0]
        start = problem.initial_weights @ problem.initial_weights
        expected = 100 * math.log(6 * 1.5 * start / 0.01) / (2 * smallest)
        bounds = theory.grokking_bounds(problem, **DEFAULTS)
        assert bounds.overfit_step_at_most == pytest.approx(expected, rel=1e-12)

    def test_equation_7(self):
        """ln( ((m−n)ν²/2) (√(c/λmin(Σ)) + ‖θ*‖)^{−2} ) / (4ηλ)."""
        expected = math.log(450 / (math.sqrt(0.01 * 1000) + 1) ** 2) / 4e-4
        bounds = theory.grokking_bounds(defaults(), **DEFAULTS)
        assert bounds.generalize_step_at_least == pytest.approx(expected, rel=1e-12)
        assert bounds.delay_at_least == (
            bounds.generalize_step_at_least - bounds.overfit_step_at_most
        )

    def test_where_a_bound_says_nothing(self):
        """Not a negative number of steps: t1 ≤ ∞, t2 ≥ −∞."""
        small = gk.gaussian_problem(init_variance=0.01, rng=np.random.default_rng(0))
        for function in (theory.grokking_bounds, theory.gaussian_bounds):
            bounds = function(small, **DEFAULTS)
            assert bounds.generalize_step_at_least == bounds.delay_at_least == -math.inf
        assert theory.theorem_4_5(small, **DEFAULTS) == -math.inf
        assert theory.GrokkingBounds(math.inf, math.inf).delay_at_least == -math.inf

    def test_equation_7_is_half_of_theorem_4_5(self):
        """4ηλ instead of −2 ln(1 − ηλ) is what makes it looser."""
        problem = defaults()
        bounds = theory.grokking_bounds(problem, **DEFAULTS)
        ratio = theory.theorem_4_5(problem, **DEFAULTS) / bounds.generalize_step_at_least
        assert ratio == pytest.approx(2.0, rel=1e-4)

    def test_equation_7_needs_a_small_step(self):
        """−ln(1 − ηλ) ≤ 2ηλ holds up to ηλ ≈ 0.797; beyond, Eq. (7) exceeds 4.5 and fails.

        η < 1/(λ + b²) leaves room for that when λ > 3.9b².
        """
        problem = gk.gaussian_problem(
            n_samples=5, init_variance=1e15, teacher_norm=0.0, rng=np.random.default_rng(0)
        )
        optimizer = dict(weight_decay=200.0, learning_rate=0.99 / (200 + 1.5))
        bounds = theory.grokking_bounds(problem, **optimizer)
        times = gk.exact_grokking_times(problem, **optimizer)
        assert times.generalize_step >= theory.theorem_4_5(problem, **optimizer)
        assert times.generalize_step < bounds.generalize_step_at_least

    def test_no_weight_decay_never_generalizes(self):
        bounds = theory.grokking_bounds(defaults(), weight_decay=0, learning_rate=1)
        assert bounds.generalize_step_at_least == math.inf


class TestEquation8:
    """t1 ≤ n ln(14mν²/ε) / (2ηλ⁺min), t2 ≥ ln((m−n)ν²/(8mc)) / (2.02ηλ)."""

    @examples(300)
    @given(seeds, st.integers(1, 20), powers(-1, 1), shares, powers(-6, -3), powers(-3, 0), shares)
    def test_gaussian_problems(self, seed, n, variance, teacher_share, lam, c, share):
        """mc ≥ ‖θ*‖², ηλ ≤ 0.01, η < 1/(λ + s_max), λ as 4.4 asks, and m ≥ n + 465."""
        m = n + ENOUGH
        c = min(c, 0.999 * (m - n) * variance / (8 * m))
        norm = 0.999 * teacher_share * math.sqrt(min(m * c, (m - n) * variance / 8))
        problem = gk.gaussian_problem(
            n_samples=n,
            n_features=m,
            init_variance=variance,
            teacher_norm=norm,
            rng=np.random.default_rng(seed),
        )
        lam = min(lam, weight_decay_of_4_4(problem, c, 1.0))
        learning_rate = min(0.999 * share / (lam + problem.max_curvature), 0.01 / lam)
        optimizer = dict(weight_decay=lam, learning_rate=learning_rate)
        thresholds = dict(train_threshold=c, test_threshold=c)
        table = theory.conditions(
            problem,
            **optimizer,
            **thresholds,
            failure_probability=2 * DELTA,
            statements="Eq. (8)",
        )
        assert table.holds.all()
        bounds = theory.gaussian_bounds(problem, **optimizer, **thresholds)
        times = gk.exact_grokking_times(problem, **optimizer, **thresholds)
        assert times.overfit_step is None or times.overfit_step <= bounds.overfit_step_at_most
        if times.generalize_step is not None:
            assert times.generalize_step >= bounds.generalize_step_at_least

    def test_at_the_defaults(self):
        """t1 ≤ ≈ 1,450 and t2 ≥ 11,982: true, and loose by about 7 and 1.9 times."""
        upper, lower = [], []
        for problem in map(defaults, range(20)):
            bounds = theory.gaussian_bounds(problem, **DEFAULTS)
            times = gk.exact_grokking_times(problem, **DEFAULTS)
            assert bounds.generalize_step_at_least == pytest.approx(11_982, abs=1)
            assert bounds.overfit_step_at_most == pytest.approx(1450, rel=0.1)
            upper.append(bounds.overfit_step_at_most / times.overfit_step)
            lower.append(times.generalize_step / bounds.generalize_step_at_least)
        assert np.mean(upper) == pytest.approx(6.9, abs=0.2)
        assert np.mean(lower) == pytest.approx(1.92, abs=0.02)

    def test_other_features_are_refused(self):
        p = defaults()
        other = gk.realizable_problem(
            p.features, p.teacher, p.initial_weights, covariance=np.ones(1000), init_variance=1
        )
        with pytest.raises(ValueError, match="not I/m: use grokking_bounds"):
            theory.gaussian_bounds(other, **DEFAULTS)

    @pytest.mark.parametrize("kind", ["scalar", "diagonal", "full", "operator"])
    def test_the_identity_over_m_however_it_is_written(self, kind):
        p = gk.gaussian_problem(n_samples=5, n_features=30, rng=np.random.default_rng(0))
        write = {
            "scalar": lambda value: value,
            "diagonal": lambda value: np.full(30, value),
            "full": lambda value: value * np.eye(30),
            "operator": lambda value: aslinearoperator(value * np.eye(30)),
        }[kind]

        def with_covariance(value):
            return gk.realizable_problem(
                p.features,
                p.teacher,
                p.initial_weights,
                covariance=write(value),
                init_variance=1.0,
            )

        same, other = with_covariance(1 / 30), with_covariance(1.001 / 30)
        assert theory.gaussian_bounds(same, **DEFAULTS) == theory.gaussian_bounds(p, **DEFAULTS)
        for problem, holds in ((same, True), (other, False)):
            table = theory.conditions(problem, **DEFAULTS, statements="Eq. (8)")
            row = table[table.assumption.str.contains("I/m")]
            assert row.holds.item() == holds


NOISE, MISFIT = "y = Φθ*: max |y − Φθ*| ≤ 0", "misfit E R² ≤ 0"


class TestConditions:
    @pytest.fixture
    def table(self):
        table = theory.conditions(defaults(), **DEFAULTS, **THRESHOLDS, failure_probability=0.05)
        return table.set_index(["statement", "assumption"])

    def test_the_step_size_at_the_defaults_is_beyond_4_2_and_4_6(self, table):
        for key in (("4.2", "η < 1/(λ + b²)"), ("4.6", "η ≤ 1/(λ + b²)")):
            row = table.loc[key]
            assert (row["is"], row.holds) == (1.0, False)
            assert row.limit == pytest.approx(0.667, abs=5e-4)

    def test_4_6_asks_for_two_hundred_million_samples(self, table):
        row = table.loc[("4.6", "n ≥ 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), ξ = ε")]
        assert (row["is"], row.holds) == (100, False)
        assert row.limit == pytest.approx(2.019e8, rel=1e-3)

    def test_all_that_fails_at_the_defaults(self, table):
        assert set(table.index[~table.holds]) == {
            ("4.1", "‖θ*‖ ≤ 0"),
            ("4.6", "‖φ(x)‖ ≤ b for every x"),
            ("4.6", "n ≥ 2048 b⁴‖θ*‖⁴/ξ² · ln(4/δ), ξ = ε"),
            ("4.6", "η ≤ 1/(λ + b²)"),
            ("4.2", "η < 1/(λ + b²)"),
        }
        assert not table.unknown.any()

    @pytest.mark.parametrize(
        ("asked", "answered"),
        [
            (None, ["4.1", "4.4", "4.5", "4.6", "4.2", "Eq. (8)"]),
            ("4.1", ["4.1"]),
            (["4.5", "4.1"], ["4.1", "4.5"]),
            ("4.2", ["4.4", "4.5", "4.6", "4.2"]),
            ("Eq. (8)", ["4.4", "4.5", "Eq. (8)"]),
        ],
    )
    def test_statements_come_with_those_they_rest_on(self, table, asked, answered):
        found = theory.conditions(defaults(), **DEFAULTS, statements=asked)
        assert found.statement.unique().tolist() == answered
        rows = table.reset_index()
        expected = rows[rows.statement.isin(answered)].reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected)

    @pytest.mark.parametrize("asked", ["4.3", ["4.4", "Eq. 8"], 4.2, [["4.2"]]])
    def test_a_statement_that_is_none(self, asked):
        with pytest.raises(ValueError, match=r"statements=.*: pass some of 4.1, 4.4"):
            theory.conditions(defaults(), **DEFAULTS, statements=asked)

    @examples(100)
    @given(small_problems(teacher_norm=None), powers(-4, 1), powers(-2, 1), powers(-4, 0))
    def test_holds_agrees_with_the_inequality_in_words(self, problem, lam, eta, epsilon):
        eta = min(eta, 0.9 / lam)
        table = theory.conditions(
            problem, weight_decay=lam, learning_rate=eta, train_threshold=epsilon
        )
        left, limit = table["is"], table.limit
        compare = {"≤": left <= limit, "≥": left >= limit, "<": left < limit}
        for index, assumption in table.assumption.items():
            signs = [sign for sign in compare if sign in assumption]
            assert len(signs) == 1
            assert table.holds[index] == compare[signs[0]][index]

    def test_zero_teacher_and_bounded_features_with_a_small_step_meet_all(self):
        """n ≥ 0 samples are enough for the zero teacher."""
        rng = np.random.default_rng(0)
        problem = gk.realizable_problem(
            rng.choice([-1.0, 1.0], (20, 1000)) / math.sqrt(1000),
            np.zeros(1000),
            rng.standard_normal(1000),
            covariance=1 / 1000,
            init_variance=1.0,
            feature_norm_bound=1.0,
        )
        table = theory.conditions(problem, weight_decay=1e-4, learning_rate=0.9)
        assert table.holds.all()

    def test_label_noise_is_noticed_wherever_the_proof_uses_the_labels(self):
        """All but 4.5: what the data never see does not ask for labels."""
        problem = gk.gaussian_problem(label_noise=1e-6, rng=np.random.default_rng(0))
        table = theory.conditions(problem, **DEFAULTS)
        rows = table[table.assumption == NOISE]
        assert set(rows.statement) == {"4.1", "4.2", "4.4", "4.6", "Eq. (8)"}
        assert not rows.holds.any() and not rows.unknown.any()
        assert table[table.statement == "4.5"].holds.all()

    def test_rounding_is_no_label_noise(self):
        p = defaults()
        order = np.random.default_rng(1).permutation(1000)
        summed_otherwise = p.features[:, order] @ p.teacher[order]
        assert np.any(summed_otherwise != p.targets)
        table = theory.conditions(
            gk.RidgeProblem(**{**fields(p), "targets": summed_otherwise}), **DEFAULTS
        )
        assert table[table.assumption == NOISE].holds.all()

    def test_4_1_with_noise_would_be_violated(self):
        """Its bound tends to 0, the training loss does not: the row is needed."""
        problem = gk.gaussian_problem(
            n_samples=200,
            n_features=100,
            teacher_norm=0,
            label_noise=1,
            rng=np.random.default_rng(0),
        )
        bounds = theory.theorem_4_1(problem, **DEFAULTS, steps=[10**6])
        assert curves(problem, DEFAULTS, [10**6]).train_loss > 1000 * bounds.train_loss_at_most
        table = theory.conditions(problem, **DEFAULTS, statements="4.1").set_index("assumption")
        assert table.holds["‖θ*‖ ≤ 0"] and not table.holds[NOISE]

    def test_the_zero_teacher_of_random_features_is_a_placeholder(self):
        """N* is all misfit: nothing about it may be taken for the zero teacher of 4.1."""
        problem = gk.relu_feature_problem(n_features=50, rng=np.random.default_rng(0))
        table = theory.conditions(problem, **DEFAULTS)
        rows = table[table.assumption == MISFIT]
        assert set(rows.statement) == {"4.1", "4.2", "4.6", "Eq. (8)"}
        assert (rows["is"] == 0.5).all() and not rows.holds.any()
        assert not table.groupby("statement").holds.all().any()

    def test_4_5_asks_for_the_best_linear_teacher(self):
        """E φR = 0 is enough: then what is left of N* only adds to the loss."""
        problem = gk.relu_feature_problem(n_features=50, rng=np.random.default_rng(0))
        row = theory.conditions(problem, **DEFAULTS, statements="4.5").set_index("assumption")
        assert not row.holds["‖E φR‖ ≤ 0"]
        without = gk.RidgeProblem(**{**fields(problem), "misfit_moment": np.zeros(50)})
        row = theory.conditions(without, **DEFAULTS, statements="4.5").set_index("assumption")
        assert row.holds["‖E φR‖ ≤ 0"]

    def test_c_below_epsilon_is_not_theorem_4_2(self):
        for c, holds in ((0.02, True), (0.01, True), (0.009, False)):
            table = theory.conditions(
                defaults(), **DEFAULTS, test_threshold=c, statements="4.2"
            ).set_index("assumption")
            assert table.holds["c ≥ ε"] == holds

    def test_what_is_not_known_neither_holds_nor_hides_the_rest(self):
        p = defaults()
        fixed = gk.RidgeProblem(**{**fields(p), "init_variance": None})
        table = theory.conditions(fixed, **DEFAULTS)
        full = theory.conditions(p, **DEFAULTS)
        unknown = table.unknown != ""
        assert table.assumption[unknown].tolist() == [
            "m ≥ n + 8‖θ*‖²/ν²",
            "m ≥ n + 8c/(λmin(Σ) ν²)",
        ]
        assert (table.unknown[unknown] == "init_variance was not given").all()
        assert table.limit[unknown].isna().all() and not table.holds[unknown].any()
        pd.testing.assert_frame_equal(table[~unknown], full[~unknown])

    def test_a_covariance_too_large_for_its_eigenvalues(self):
        """Only the row with λmin(Σ) is lost."""
        m = 5000
        half = LinearOperator((m, m), matvec=lambda x: x / 2, dtype=float)
        rng = np.random.default_rng(0)
        problem = gk.realizable_problem(
            rng.standard_normal((2, m)),
            np.zeros(m),
            rng.standard_normal(m),
            covariance=half,
            init_variance=1.0,
        )
        table = theory.conditions(problem, weight_decay=1e-4, learning_rate=1e-4)
        unknown = table.unknown != ""
        assert table.assumption[unknown].tolist() == ["m ≥ n + 8c/(λmin(Σ) ν²)"]
        assert table.unknown[unknown].item() == "Σ is too large for its λmin"

    def test_4_1_without_the_start_variance_keeps_i_and_iii(self):
        p = gk.gaussian_problem(teacher_norm=0.0, rng=np.random.default_rng(0))
        fixed = gk.RidgeProblem(**{**fields(p), "init_variance": None})
        ours = theory.theorem_4_1(fixed, **DEFAULTS, steps=STEPS)
        full = theory.theorem_4_1(p, **DEFAULTS, steps=STEPS)
        np.testing.assert_array_equal(ours.train_loss_at_most, full.train_loss_at_most)
        np.testing.assert_array_equal(ours.squared_norm_at_most, full.squared_norm_at_most)
        assert not ours.test_loss_at_least.any() and ours.failure_probability == 1

    def test_features_that_are_all_zero(self):
        problem = gk.realizable_problem(
            np.zeros((2, 3)), [1, 0, 0], [0, 1, 0], covariance=1.0, init_variance=1.0
        )
        optimizer = dict(weight_decay=0.0, learning_rate=1.0)
        assert theory.conditions(problem, **optimizer).holds.dtype == bool
        assert theory.theorem_4_1(problem, **optimizer, steps=[0, 1]).train_loss_at_most.sum() == 0
        assert theory.grokking_bounds(problem, **optimizer).overfit_step_at_most == 0

    def test_with_every_floating_point_error_raised(self):
        """Underflow to 0 and division by a zero ν² are meant."""
        forgetful = gk.gaussian_problem(
            init_variance=0.0, teacher_norm=0.0, rng=np.random.default_rng(0)
        )
        with np.errstate(all="raise"):
            theory.conditions(forgetful, **DEFAULTS)
            assert theory.theorem_4_5(forgetful, **DEFAULTS) == -math.inf
            theory.theorem_4_6(forgetful, weight_decay=1e-4)
            theory.final_loss_bound(forgetful, weight_decay=1e-4)
            for function in (theory.grokking_bounds, theory.gaussian_bounds):
                assert function(forgetful, **DEFAULTS).generalize_step_at_least == -math.inf
            late = theory.theorem_4_1(defaults(), **DEFAULTS, steps=[0, 10**8])
        assert late.squared_norm_at_most[-1] == 0


class TestBadInput:
    PROBLEM = gk.gaussian_problem(n_samples=3, n_features=9, rng=np.random.default_rng(0))

    @pytest.mark.parametrize(
        "function",
        [
            theory.theorem_4_4,
            theory.theorem_4_5,
            theory.grokking_bounds,
            theory.gaussian_bounds,
            theory.conditions,
        ],
    )
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(weight_decay=-1), ["weight_decay=-1", "0 or more"]),
            (dict(learning_rate=0), ["learning_rate=0", "above 0"]),
            (dict(weight_decay=2), ["learning_rate=1", "weight_decay=2", "below 0.5"]),
        ],
    )
    def test_optimizer(self, function, change, words):
        with pytest.raises(ValueError) as error:
            function(self.PROBLEM, **{**DEFAULTS, **change})
        assert all(word in str(error.value) for word in words)

    @pytest.mark.parametrize("value", [0, 1, -0.1, 2, np.nan, "small", None])
    def test_failure_probability(self, value):
        words = f"failure_probability={value!r}"
        for function, arguments in (
            (theory.conditions, DEFAULTS),
            (theory.theorem_4_6, dict(weight_decay=1e-4)),
            (theory.final_loss_bound, dict(weight_decay=1e-4)),
        ):
            with pytest.raises(ValueError) as error:
                function(self.PROBLEM, **arguments, failure_probability=value)
            assert words in str(error.value)
            assert "above 0 and below 1" in str(error.value)

    def test_thresholds(self):
        with pytest.raises(ValueError, match="train_threshold=0: pass a number above 0"):
            theory.theorem_4_4(self.PROBLEM, **DEFAULTS, train_threshold=0)
        with pytest.raises(ValueError, match="test_threshold=-1: pass a number above 0"):
            theory.theorem_4_5(self.PROBLEM, **DEFAULTS, test_threshold=-1)
        with pytest.raises(ValueError, match="tolerance=0: pass a number above 0"):
            theory.theorem_4_6(self.PROBLEM, weight_decay=0.1, tolerance=0)
        with pytest.raises(ValueError, match="weight_decay=-1: pass a number, 0 or more"):
            theory.theorem_4_6(self.PROBLEM, weight_decay=-1)
        with pytest.raises(ValueError, match="weight_decay=-1: pass a number, 0 or more"):
            theory.final_loss_bound(self.PROBLEM, weight_decay=-1)
        with pytest.raises(ValueError, match="train_threshold=0: pass a number above 0"):
            theory.final_loss_bound(self.PROBLEM, weight_decay=0.1, train_threshold=0)

    def test_steps(self):
        with pytest.raises(ValueError, match="0 or more"):
            theory.theorem_4_1(self.PROBLEM, **DEFAULTS, steps=[-1])

    def test_weights_that_were_not_drawn(self):
        p = self.PROBLEM
        given = gk.realizable_problem(p.features, p.teacher, p.initial_weights, covariance=1 / 9)
        for function in (theory.theorem_4_5, theory.gaussian_bounds, theory.grokking_bounds):
            with pytest.raises(ValueError, match="init_variance is None"):
                function(given, **DEFAULTS)
