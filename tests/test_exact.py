"""The closed form: at any step, on any problem, with t1 and t2 that no search misses."""

import math
from dataclasses import replace

import naive
import numpy as np
import pytest
import scipy.sparse
from draws import COVARIANCES, SHAPES, examples, known, powers, seeds
from hypothesis import assume, given
from hypothesis import strategies as st

import grokedu as gk
from grokedu.exact import crossing_times
from grokedu.grokking import Reason, Why


def one_mode(*, start, teacher, noise=0.0):
    """One sample, one feature, s = 1: θ(t) = a^∞ + (1 − η(1 + λ))^t (θ(0) − a^∞)."""
    problem = gk.realizable_problem([[1.0]], [teacher + noise], [start], covariance=1.0)
    return replace(problem, teacher=[teacher])


class TestKnownSolution:
    """On Φ = U diag(σ) Vᵀ every answer can be written down."""

    @pytest.mark.parametrize("kind", COVARIANCES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_weights_and_losses_at_any_step(self, shape, kind):
        rng = np.random.default_rng(30)
        answer = known(rng, *SHAPES[shape], kind=kind, label_noise=0.3)
        problem = answer.problem
        for step in (0, 1, 17, 1000, 10**9):
            weights = answer.weights_at(step, 1e-3, 0.9)
            exact = gk.exact_ridge(problem, weight_decay=1e-3, learning_rate=0.9, steps=step)
            np.testing.assert_allclose(exact.weights, weights, rtol=0, atol=1e-12)
            train_loss, test_loss = naive.losses(problem, weights)
            floor = 1e-14 * problem.train_loss(problem.initial_weights)
            assert exact.train_loss[0] == pytest.approx(train_loss, rel=1e-11, abs=floor)
            assert exact.test_loss[0] == pytest.approx(test_loss, rel=1e-11)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_ridge_solution(self, shape):
        answer = known(np.random.default_rng(31), *SHAPES[shape], label_noise=0.3)
        for lam in (0.0, 1e-8, 1e-2, 10.0):
            found = gk.ridge_solution(answer.problem, weight_decay=lam)
            np.testing.assert_allclose(found, answer.ridge_solution(lam), rtol=0, atol=1e-13)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_gradient_vanishes_at_the_ridge_solution(self, shape):
        """(1/n) Φᵀ(Φθ − y) + λθ = 0."""
        problem = known(np.random.default_rng(32), *SHAPES[shape], label_noise=0.3).problem
        weights = gk.ridge_solution(problem, weight_decay=0.1)
        residual = problem.features @ weights - problem.targets
        gradient = problem.features.T @ residual / problem.n_samples + 0.1 * weights
        np.testing.assert_allclose(gradient, 0, atol=1e-14)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_at_10_to_the_15_it_has_arrived_at_the_ridge_solution(self, shape):
        problem = known(np.random.default_rng(33), *SHAPES[shape], label_noise=0.3).problem
        end = gk.exact_ridge(problem, weight_decay=1e-6, learning_rate=0.9, steps=[0, 10**15])
        solution = gk.ridge_solution(problem, weight_decay=1e-6)
        np.testing.assert_allclose(end.weights, solution, rtol=0, atol=1e-13)
        assert end.test_loss[-1] == pytest.approx(problem.test_loss(solution), rel=1e-12)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_without_weight_decay_it_keeps_what_the_data_never_see(self, shape):
        """θ(∞) = V Vᵀ θ_interpolating + (I − V Vᵀ) θ(0)."""
        answer = known(np.random.default_rng(34), *SHAPES[shape], label_noise=0.3)
        start, right = answer.problem.initial_weights, answer.right
        end = gk.exact_ridge(answer.problem, weight_decay=0, learning_rate=0.9, steps=10**15)
        expected = answer.ridge_solution(0) + start - right @ (right.T @ start)
        np.testing.assert_allclose(end.weights, expected, rtol=0, atol=1e-13)


class TestAccuracy:
    @pytest.mark.parametrize("shape", ["wide", "square", "one sample"])
    def test_noise_that_the_features_explain_leaves_no_floor(self, shape):
        """With n linearly independent rows and λ = 0 the training loss tends to 0."""
        problem = known(np.random.default_rng(35), *SHAPES[shape], label_noise=1.0).problem
        end = gk.exact_ridge(problem, weight_decay=0, learning_rate=0.9, steps=10**6)
        assert 0 <= end.train_loss[0] < 1e-28

    def test_unseen_directions_at_10_to_the_12_steps(self):
        """θ⊥(t) = (1 − ηλ)^t θ⊥(0) with ηλ = 1e-12: e^{−1} is left at t = 10¹²."""
        problem = gk.realizable_problem([[1.0, 0.0]], [0, 0], [0, 1], covariance=1.0)
        end = gk.exact_ridge(problem, weight_decay=1e-12, learning_rate=1, steps=10**12)
        assert end.weights[1] == pytest.approx(math.exp(-1), rel=1e-12)
        assert end.test_loss[0] == pytest.approx(math.exp(-2), rel=1e-12)

    @pytest.mark.parametrize("exponent", [2, 4, 7])
    @pytest.mark.parametrize("shape", ["wide", "tall", "square"])
    def test_a_spread_spectrum(self, shape, exponent):
        """The closed form for Φ = U diag(σ) Vᵀ, with singular values down to 10⁻⁷."""
        n, m, rank = SHAPES[shape]
        singular = np.sqrt(n) * np.geomspace(10.0**-exponent, 1, rank)
        answer = known(np.random.default_rng(36), n, m, rank, singular=singular, label_noise=0.1)
        # Rounding Φ moves a singular vector by machine epsilon over its distance to the others.
        slack = 1e-15 * 10.0**exponent
        for lam, step in ((1e-3, 0), (1e-3, 10), (1e-3, 10**6), (0, 0), (0, 1000)):
            weights = answer.weights_at(step, lam, 0.5)
            exact = gk.exact_ridge(answer.problem, weight_decay=lam, learning_rate=0.5, steps=step)
            np.testing.assert_allclose(exact.weights, weights, rtol=0, atol=10 * slack)
            expected = naive.losses(answer.problem, weights)
            assert exact.train_loss[0] == pytest.approx(expected[0], rel=1e-11, abs=1e-28)
            assert exact.test_loss[0] == pytest.approx(expected[1], rel=10 * slack)

    @pytest.mark.parametrize("noise", [0.0, 1.0])
    @pytest.mark.parametrize("seed", [168, 169, 170])
    def test_columns_of_very_different_scale(self, seed, noise):
        """The start, gradient descent and least squares, at condition number 10⁷."""
        rng = np.random.default_rng(seed)
        features = rng.standard_normal((6, 7)) * np.geomspace(1, 1e-7, 7)
        teacher, start = rng.standard_normal(7), rng.standard_normal(7)
        problem = gk.realizable_problem(
            features, teacher, start, covariance=1 / 7, label_noise=noise, rng=rng
        )
        optimizer = dict(weight_decay=0, learning_rate=0.5 / problem.max_curvature)
        at = gk.exact_ridge(problem, **optimizer, steps=[0, 400])
        assert at.test_loss[0] == pytest.approx(problem.test_loss(start), rel=1e-14)
        assert at.train_loss[0] == pytest.approx(problem.train_loss(start), rel=1e-14)
        train_loss, test_loss, weights = naive.ridge_primal(problem, *optimizer.values(), 400)
        assert at.train_loss[1] == pytest.approx(train_loss[-1], rel=1e-11)
        assert at.test_loss[1] == pytest.approx(test_loss[-1], rel=1e-12)
        np.testing.assert_allclose(at.weights, weights, rtol=0, atol=1e-12)
        least = np.linalg.lstsq(features, problem.targets, rcond=None)[0]
        found = gk.ridge_solution(problem, weight_decay=0)
        condition = problem.modes.singular[-1] / problem.modes.singular[0]
        assert condition > 1e6
        np.testing.assert_allclose(
            found, least, rtol=0, atol=1e-15 * condition * np.linalg.norm(least)
        )

    def test_polynomial_features_keep_their_rank(self):
        """Powers x, x², …, x¹² of 100 points: no direction that doubles can resolve is lost."""
        x = np.random.default_rng(37).uniform(0, 1, 100)
        features = x[:, None] ** np.arange(13)
        rng = np.random.default_rng(38)
        problem = gk.realizable_problem(
            features, rng.standard_normal(13), rng.standard_normal(13), covariance=1.0
        )
        assert len(problem.modes.singular) == np.linalg.matrix_rank(features) == 13
        optimizer = dict(weight_decay=0, learning_rate=1 / problem.max_curvature)
        at = gk.exact_ridge(problem, **optimizer, steps=[0, 2000])
        train_loss, test_loss, _ = naive.ridge_primal(problem, *optimizer.values(), 2000)
        np.testing.assert_allclose(at.train_loss, train_loss[[0, -1]], rtol=1e-9)
        np.testing.assert_allclose(at.test_loss, test_loss[[0, -1]], rtol=1e-11)

    def test_a_mode_that_tends_far_away_and_never_gets_there(self):
        """σ = 10⁻⁹ and noise 1: the end is at 10⁹, but in 100 steps the mode moves by 10⁻⁷."""
        problem = gk.realizable_problem([[1.0, 0], [0, 1e-9]], [0, 0], [0, 1.0], covariance=1.0)
        problem = replace(problem, targets=[0.0, 1.0])
        run = gk.exact_ridge(problem, weight_decay=0, learning_rate=1, steps=[0, 100])
        np.testing.assert_allclose(run.test_loss, [1, (1 + 50e-9) ** 2], rtol=1e-15)

    def test_zero_features_forget_everything(self):
        problem = gk.realizable_problem(np.zeros((2, 3)), [3, 0, 0], [0, 4, 0], covariance=1.0)
        exact = gk.exact_ridge(problem, weight_decay=0.1, learning_rate=1, steps=[0, 1, 10**6])
        np.testing.assert_allclose(exact.train_loss, 0)
        np.testing.assert_allclose(exact.test_loss, [25, 9 + 16 * 0.81, 9], rtol=1e-14)


@st.composite
def small_runs(draw):
    """A small problem with noise or without, any covariance, and (λ, η) almost up to the limit."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    answer = known(
        np.random.default_rng(draw(seeds)),
        n,
        m,
        draw(st.integers(1, min(n, m))),
        kind=draw(st.sampled_from(COVARIANCES)),
        label_noise=draw(st.sampled_from([0.0, 0.5])),
        init_variance=draw(st.sampled_from([0.01, 1.0, 100.0])),
        teacher_norm=draw(st.sampled_from([0.0, 1.0, 3.0])),
    )
    lam = draw(powers(-2, 0))
    limit = 2 / (lam + answer.problem.max_curvature)
    eta = min(draw(st.floats(0.3, 0.98)) * limit, 0.9 / lam)
    return answer.problem, dict(weight_decay=lam, learning_rate=eta)


def level_near(data, losses, name):
    """A threshold at a value that the curve takes, just beside one, or between two of them."""
    taken = losses[data.draw(st.integers(0, 30), label=f"step of {name}")]
    factor = data.draw(st.sampled_from([1 - 1e-9, 1 + 1e-9, 0.8, 1.2]), label=f"factor of {name}")
    return float(taken * factor)


class TestTimesEqualAScan:
    """t1 is the last step with training loss ≥ ε, t2 the first with test loss ≤ c."""

    N_STEPS = 12_000  # (1 − ηλ)^t has died out by then: ηλ ≥ 0.003

    @examples(400)
    @given(small_runs(), st.data())
    def test_brute_force(self, run, data):
        problem, optimizer = run
        exact = gk.exact_ridge(problem, **optimizer, steps=np.arange(self.N_STEPS))
        epsilon = level_near(data, exact.train_loss, "ε")
        c = level_near(data, exact.test_loss, "c")
        for level, losses in ((epsilon, exact.train_loss), (c, exact.test_loss)):
            # On a flat part of the curve rounding decides.
            assume(level > 1e-12 * losses.max() and abs(level - losses[-1]) > 1e-7 * level)
        times = gk.exact_grokking_times(
            problem, **optimizer, train_threshold=epsilon, test_threshold=c
        )
        t1, t2 = (
            naive.last_at_least(exact.train_loss, epsilon),
            naive.first_at_most(exact.test_loss, c),
        )
        if t1 == self.N_STEPS - 1:
            t1 = None
            assert times.reasons[0].kind == Why.TRAIN_NEVER_SETTLES
        assert times.overfit_step == t1
        assert times.generalize_step == t2
        assert len(times.reasons) == (t1 is None) + (t2 is None)
        assert times.delay == (None if times.reasons else t2 - t1)

    @pytest.mark.parametrize("seed", range(5))
    def test_ties_count_on_both_sides(self, seed):
        """≥ ε and ≤ c include equality."""
        problem = gk.gaussian_problem(
            n_samples=10, n_features=50, rng=np.random.default_rng(seed), teacher_norm=0.1
        )
        optimizer = dict(weight_decay=1e-3, learning_rate=1.0)
        at = gk.exact_ridge(problem, **optimizer, steps=[20, 500])
        times = gk.exact_grokking_times(
            problem,
            **optimizer,
            train_threshold=at.train_loss[0] * (1 - 1e-14),
            test_threshold=at.test_loss[1] * (1 + 1e-14),
        )
        assert (times.overfit_step, times.generalize_step) == (20, 500)
        times = gk.exact_grokking_times(
            problem,
            **optimizer,
            train_threshold=at.train_loss[0] * (1 + 1e-12),
            test_threshold=at.test_loss[1] * (1 - 1e-12),
        )
        assert (times.overfit_step, times.generalize_step) == (19, 501)

    def test_ties_where_numbers_are_exact(self):
        """η = ½, λ = 0: δ halves each step, L_n = ½ · 4^{−t} and L = 4^{−t} in floating point."""
        problem = gk.realizable_problem([[1.0]], [0.0], [1.0], covariance=1.0)
        for t in (0, 1, 5, 20):
            times = gk.exact_grokking_times(
                problem,
                weight_decay=0,
                learning_rate=0.5,
                train_threshold=0.5 * 4.0**-t,
                test_threshold=4.0**-t,
            )
            assert (times.overfit_step, times.generalize_step) == (t, t)

    def test_gradient_descent_finds_the_same_steps(self):
        for seed in range(10):
            problem = gk.gaussian_problem(rng=np.random.default_rng(seed), n_features=300)
            optimizer = dict(weight_decay=1e-3, learning_rate=1.0)
            run = gk.train_ridge(problem, **optimizer, n_steps=4000)
            assert gk.exact_grokking_times(problem, **optimizer) == gk.grokking_times(run)


class TestCurvesThatAreNotMonotone:
    def test_training_loss_that_dips_below_epsilon_and_rises_above(self):
        """The residual starts at +1 and ends at −λ/(1 + λ) θ*: it crosses 0 on its way."""
        problem = one_mode(start=2.0, teacher=1.0)
        optimizer = dict(weight_decay=0.5, learning_rate=0.1)
        losses = gk.exact_ridge(problem, **optimizer, steps=np.arange(300)).train_loss
        assert losses.min() < 0.001 and losses[-1] == pytest.approx(1 / 18)
        times = gk.exact_grokking_times(problem, **optimizer, train_threshold=0.01)
        assert times.overfit_step is None
        assert times.reasons[0].kind == Why.TRAIN_NEVER_SETTLES
        assert times.reasons[0].value == pytest.approx(1 / 18)
        # Above the final hump it is the descent that counts.
        assert gk.exact_grokking_times(problem, **optimizer, train_threshold=0.06).overfit_step == (
            naive.last_at_least(losses, 0.06)
        )

    def test_training_loss_with_a_hump_between_two_dips(self):
        """Two modes cross 0 at different times; t1 lies on the hump between, not before it."""
        problem = gk.realizable_problem(
            np.diag([2.0, 0.2]), [0.0, 0.0], [-1.0, 1.0], covariance=1.0
        )
        problem = replace(problem, targets=[1.0, -1.0])
        optimizer = dict(weight_decay=0.1, learning_rate=0.1)
        losses = gk.exact_ridge(problem, **optimizer, steps=np.arange(3000)).train_loss
        for epsilon in np.linspace(losses.min() * 1.001, losses.max() * 0.999, 50):
            t1 = naive.last_at_least(losses, epsilon)
            times = gk.exact_grokking_times(problem, **optimizer, train_threshold=epsilon)
            assert times.overfit_step == (None if t1 == 2999 else t1)

    @pytest.mark.parametrize("lam", [1e-2, 1e-5, 1e-8, 1e-11])
    def test_test_loss_that_touches_c_briefly(self, lam):
        """θ⊥ falls from 1 through the teacher's ½ towards 0: L = (x − ½)², x = (1 − λ)^t."""
        problem = gk.realizable_problem([[1.0, 0.0]], [0.0, 0.5], [0.0, 1.0], covariance=1.0)
        optimizer = dict(weight_decay=lam, learning_rate=1.0 - lam)
        limits = dict(train_threshold=0.1, test_threshold=1e-4 / 4)
        t2 = gk.exact_grokking_times(problem, **optimizer, **limits).generalize_step
        # x = ½ + 0.005
        assert t2 == pytest.approx(math.log(0.505) / math.log1p(-lam * (1 - lam)), abs=1.01)
        at = gk.exact_ridge(problem, **optimizer, steps=[t2 - 1, t2, t2 * 100]).test_loss
        assert at[0] > limits["test_threshold"] >= at[1]
        assert at[2] == pytest.approx(0.25)


class TestTimesThatDoNotExist:
    @pytest.fixture
    def problem(self):
        return gk.gaussian_problem(rng=np.random.default_rng(40), n_samples=20, n_features=200)

    def test_training_loss_below_epsilon_from_the_start(self, problem):
        times = gk.exact_grokking_times(
            problem, weight_decay=1e-4, learning_rate=1, train_threshold=100
        )
        assert times.overfit_step is None and times.delay is None
        assert times.generalize_step is not None
        assert times.reasons == (Reason(Why.TRAIN_BELOW_FROM_THE_START, 100.0),)

    def test_too_much_weight_decay_never_overfits(self, problem):
        times = gk.exact_grokking_times(
            problem, weight_decay=0.9, learning_rate=1, train_threshold=1e-4
        )
        assert times.overfit_step is None
        assert [reason.kind for reason in times.reasons] == [Why.TRAIN_NEVER_SETTLES]

    def test_without_weight_decay_it_never_generalizes(self, problem):
        times = gk.exact_grokking_times(problem, weight_decay=0, learning_rate=1)
        assert times.overfit_step is not None
        assert times.generalize_step is None and times.delay is None
        assert [reason.kind for reason in times.reasons] == [Why.TEST_NEVER_REACHED]

    def test_a_time_beyond_2_to_the_53_is_said_to_be_one(self, problem):
        times = gk.exact_grokking_times(problem, weight_decay=1e-17, learning_rate=1)
        assert times.generalize_step is None
        (reason,) = times.reasons
        assert reason.kind == Why.TEST_REACHED_BEYOND_THE_LAST_STEP
        assert reason.value == pytest.approx(0.00451, rel=1e-3)

    def test_a_teacher_out_of_reach(self, problem):
        times = gk.exact_grokking_times(
            problem, weight_decay=1e-4, learning_rate=1, test_threshold=1e-4
        )
        assert [reason.kind for reason in times.reasons] == [Why.TEST_NEVER_REACHED]


class TestTinyWeightDecay:
    @pytest.mark.parametrize("exponent", [6, 9, 12])
    def test_t2_is_inversely_proportional_to_lambda(self, exponent):
        problem = gk.gaussian_problem(rng=np.random.default_rng(41))
        times = [
            gk.exact_grokking_times(problem, weight_decay=lam, learning_rate=1)
            for lam in (1e-4, 10.0**-exponent)
        ]
        ratio = times[1].generalize_step / times[0].generalize_step
        assert ratio == pytest.approx(10.0 ** (exponent - 4), rel=2e-3)
        assert abs(times[1].overfit_step - times[0].overfit_step) < 10

    def test_at_1e_12_the_loss_crosses_between_t2_minus_1_and_t2(self):
        problem = gk.gaussian_problem(rng=np.random.default_rng(42))
        optimizer = dict(weight_decay=1e-12, learning_rate=1.0)
        t2 = gk.exact_grokking_times(problem, **optimizer).generalize_step
        assert t2 > 2e12
        # One step moves the loss by 2e-14 of itself: look a thousand steps to each side.
        before, after = gk.exact_ridge(problem, **optimizer, steps=[t2 - 1000, t2 + 1000]).test_loss
        assert before > 0.01 > after

    def test_above_2_to_the_52_steps(self):
        """At λ = 3·10⁻¹⁶ the time is near 8·10¹⁵, where the sum of two steps is no whole float."""
        problem = gk.gaussian_problem(rng=np.random.default_rng(0))
        unseen = [
            gk.exact_grokking_times(problem, weight_decay=lam, learning_rate=1.0)
            for lam in (3.1e-16, 3.1e-12)
        ]
        ratio = unseen[0].generalize_step / unseen[1].generalize_step
        assert ratio == pytest.approx(1e4, rel=1e-8)
        assert unseen[0].generalize_step > 2**52
        times = gk.predictions.ridge_grokking_times(weight_decay=2.7e-16, learning_rate=1.0)
        assert times.generalize_step == pytest.approx(
            unseen[0].generalize_step * 3.1 / 2.7, rel=0.1
        )


class TestFloatingPointErrors:
    """Small numbers vanish in silence, whatever NumPy was told to do about it."""

    @pytest.mark.parametrize("kind", COVARIANCES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_nothing_is_raised(self, shape, kind):
        with np.errstate(all="raise"):
            problem = known(np.random.default_rng(43), *SHAPES[shape], kind=kind).problem
            optimizer = dict(weight_decay=1e-3, learning_rate=0.9)
            exact = gk.exact_ridge(problem, **optimizer, steps=[0, 10**3, 10**6, 2**53])
            assert np.isfinite(exact.test_loss).all()
            gk.exact_grokking_times(problem, **optimizer, train_threshold=1e-300)
            gk.ridge_solution(problem, weight_decay=1e-300)
            gk.grokking_times(exact)
            assert gk.gaussian_accuracy(exact.test_loss).max() <= 1

    @pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e100, 1e150])
    def test_features_of_any_scale(self, scale):
        """Φ in other units is the same problem with η and λ in other units."""
        rng = np.random.default_rng(44)
        features, teacher, start = rng.standard_normal((4, 6)), np.ones(6), rng.standard_normal(6)
        losses = []
        for unit in (1.0, scale):
            with np.errstate(all="raise"):
                problem = gk.realizable_problem(
                    unit * features, teacher / unit, start / unit, covariance=unit**2
                )
                optimizer = dict(weight_decay=0.01 * unit**2, learning_rate=0.1 / unit**2)
                losses.append(gk.exact_ridge(problem, **optimizer, steps=[0, 5, 10**3]).test_loss)
        np.testing.assert_allclose(*losses, rtol=1e-11)


class TestCrossingTimes:
    def test_of_two_forms(self):
        problem = one_mode(start=1.0, teacher=0.0)
        from grokedu.crossings import DecayingForm

        form = DecayingForm(np.zeros(1), np.ones(1), np.array([0.5]), np.ones(1))
        assert crossing_times(form, form, 0.25, 0.25) == gk.GrokkingTimes(1, 1)
        times = gk.exact_grokking_times(
            problem, weight_decay=0, learning_rate=0.5, train_threshold=0.125, test_threshold=0.25
        )
        assert times == gk.GrokkingTimes(1, 1)


PROBLEM = gk.gaussian_problem(n_samples=2, n_features=3, rng=np.random.default_rng(0))
OPTIMIZER = dict(weight_decay=0.01, learning_rate=1.0)


class TestBadInput:
    @pytest.mark.parametrize(
        ("steps", "words"),
        [
            ([3, 1], ["steps is not increasing", "numpy.unique"]),
            ([1, 1], ["steps is not increasing", "numpy.unique"]),
            ([-1, 2], ["steps", "0 or more"]),
            ([0.5], ["steps", "whole numbers"]),
            ([np.nan], ["steps", "NaN"]),
            ([np.inf], ["steps", "infinity"]),
            ([], ["steps", "(0,)", "list of whole numbers"]),
            ([[0, 1]], ["steps", "(1, 2)", "list of whole numbers"]),
            ([[0], [1, 2]], ["steps", "real numbers"]),
            ([2**54], ["steps", "1.80144e+16", "2**53"]),
            ([2**53 + 1], ["steps", "2**53"]),
            (2**53 + 1, ["steps", "2**53"]),
            (np.array([0, 2**53 + 1]), ["steps", "2**53"]),
            ([5.0, 2**53 + 1], ["steps", "2**53"]),
            (np.array(["1", "2"], dtype=object), ["steps", "real numbers"]),
            (np.ma.masked_equal([1, 2, 3], 2), ["steps", "masked"]),
            (scipy.sparse.eye_array(2), ["steps.toarray()"]),
            ([10**30], ["steps", "1e+30", "2**53"]),
            (["a"], ["steps", "real numbers"]),
            (np.array([1j]), ["steps", "real numbers"]),
            (None, ["steps"]),
        ],
    )
    def test_steps(self, steps, words):
        with pytest.raises(ValueError) as error:
            gk.exact_ridge(PROBLEM, **OPTIMIZER, steps=steps)
        assert all(word in str(error.value) for word in words)

    def test_one_step_or_many_whole_floats_are_steps(self):
        for steps in (7, 7.0, [7], (7,), np.array([7], dtype=np.uint8)):
            exact = gk.exact_ridge(PROBLEM, **OPTIMIZER, steps=steps)
            assert exact.steps.tolist() == [7] and exact.steps.dtype == np.int64

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(weight_decay=-1), ["weight_decay=-1", "0 or more"]),
            (dict(learning_rate=0), ["learning_rate=0", "above 0"]),
            (dict(weight_decay=1), ["learning_rate=1", "weight_decay=1"]),
            (dict(learning_rate=90), ["learning_rate=90", "2/(weight_decay + s_max)"]),
            (dict(train_threshold=0), ["train_threshold=0", "above 0"]),
            (dict(test_threshold=-0.1), ["test_threshold=-0.1", "above 0"]),
            (dict(test_threshold=np.nan), ["test_threshold=nan", "above 0"]),
            (dict(train_threshold="small"), ["train_threshold='small'", "above 0"]),
        ],
    )
    def test_optimizer_and_thresholds(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.exact_grokking_times(PROBLEM, **{**OPTIMIZER, **change})
        assert all(word in str(error.value) for word in words)

    def test_ridge_solution(self):
        with pytest.raises(ValueError, match="weight_decay=-1: pass a number, 0 or more"):
            gk.ridge_solution(PROBLEM, weight_decay=-1)
