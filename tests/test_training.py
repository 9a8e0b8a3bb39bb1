"""Gradient descent: the kernels against their slow twins, divergence, interruption, bad input."""

import io
import sys
from dataclasses import replace
from functools import partial

import naive
import numpy as np
import pytest
from draws import COVARIANCES, SHAPES, examples, known
from hypothesis import given
from hypothesis import strategies as st

import grokedu as gk
from grokedu import _kernels
from grokedu.progress import reporting

STEPS = 1000
OPTIMIZER = dict(weight_decay=1e-2, learning_rate=0.9)
DEFAULTS = dict(weight_decay=1e-4, learning_rate=1.0)
FORMS = ("primal", "dual")
TWINS = {"primal": naive.ridge_primal, "dual": naive.ridge_dual}


def assert_same(run, twin, tolerance, floor=1e-13):
    """Relative agreement, down to rounding errors of numbers as large as the first losses.

    A loss can pass through 0, and the dual form computes the test loss as a difference.
    """
    train_loss, test_loss, weights = twin
    for ours, theirs in ((run.train_loss, train_loss), (run.test_loss, test_loss)):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=floor * theirs[0])
    assert np.linalg.norm(run.weights - weights) <= tolerance * np.linalg.norm(weights)


@pytest.fixture(scope="module")
def at_defaults():
    """A problem with n = 100 and m = 1000, and 25,000 steps of the naive loop on it."""
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    return problem, naive.ridge_primal(problem, 1e-4, 1.0, 25_000)


class TestPaperDefaults:
    """25,000 steps at n = 100, m = 1000, λ = 1e-4, η = 1."""

    @pytest.mark.parametrize("form", FORMS)
    def test_kernel_equals_naive_loop(self, at_defaults, form):
        problem, twin = at_defaults
        run = gk.train_ridge(problem, **DEFAULTS, n_steps=25_000, form=form)
        assert_same(run, twin, 3e-12, floor=0)

    def test_gradient_descent_equals_closed_form(self, at_defaults):
        problem, _ = at_defaults
        run = gk.train_ridge(problem, **DEFAULTS, n_steps=25_000)
        exact = gk.exact_ridge(problem, **DEFAULTS, steps=run.steps)
        assert_same(run, (exact.train_loss, exact.test_loss, exact.weights), 2e-11, floor=0)


class TestKernelsEqualNaive:
    """On problems built from a known SVD: tall, wide, square, rank-deficient."""

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("kind", COVARIANCES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_losses_and_weights(self, kernels, shape, kind, form):
        rng = np.random.default_rng(10)
        n_steps = STEPS if kernels == "compiled" else 60
        problem = known(rng, *SHAPES[shape], kind=kind, label_noise=0.3).problem
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=n_steps, form=form)
        assert_same(run, TWINS[form](problem, *OPTIMIZER.values(), n_steps), 1e-12)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_weights_follow_the_known_modes(self, shape, form):
        answer = known(np.random.default_rng(11), *SHAPES[shape], label_noise=0.3)
        run = gk.train_ridge(answer.problem, **OPTIMIZER, n_steps=STEPS, form=form)
        weights = answer.weights_at(STEPS, *OPTIMIZER.values())
        np.testing.assert_allclose(run.weights, weights, rtol=0, atol=1e-13 * max(abs(weights)))

    def test_sizes_around_the_blocks_of_four_rows(self, kernels):
        for n in range(1, 10):
            problem = known(np.random.default_rng(n), n, 5, min(n, 5), label_noise=0.1).problem
            for form in FORMS:
                run = gk.train_ridge(problem, **OPTIMIZER, n_steps=10, form=form)
                assert_same(run, naive.ridge_primal(problem, *OPTIMIZER.values(), 10), 1e-12)


class TestClosedForm:
    """Explicit gradient descent and the closed form check each other."""

    @pytest.mark.parametrize("noise", [0.0, 0.3], ids=["realizable", "noisy"])
    @pytest.mark.parametrize("kind", COVARIANCES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_every_step(self, shape, kind, noise):
        rng = np.random.default_rng(12)
        problem = known(rng, *SHAPES[shape], kind=kind, label_noise=noise).problem
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=STEPS)
        exact = gk.exact_ridge(problem, **OPTIMIZER, steps=run.steps)
        assert_same(run, (exact.train_loss, exact.test_loss, exact.weights), 1e-12)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_without_weight_decay_down_to_rounding(self, shape, form):
        """The losses may tend to 0, where only the distance means anything."""
        problem = known(np.random.default_rng(13), *SHAPES[shape]).problem
        run = gk.train_ridge(problem, weight_decay=0, learning_rate=1, n_steps=STEPS, form=form)
        exact = gk.exact_ridge(problem, weight_decay=0, learning_rate=1, steps=run.steps)
        for ours, theirs in (
            (run.train_loss, exact.train_loss),
            (run.test_loss, exact.test_loss),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14 * theirs[0])
        assert run.test_loss.min() >= 0


class TestForms:
    @pytest.mark.parametrize("kind", COVARIANCES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_primal_and_dual_are_the_same_gradient_descent(self, shape, kind):
        rng = np.random.default_rng(14)
        problem = known(rng, *SHAPES[shape], kind=kind, label_noise=0.1).problem
        primal, dual = (
            gk.train_ridge(problem, **OPTIMIZER, n_steps=STEPS, form=form) for form in FORMS
        )
        assert_same(primal, (dual.train_loss, dual.test_loss, dual.weights), 1e-12)

    @pytest.mark.parametrize(
        ("shape", "kind", "cheaper"),
        [
            ((5, 40), "scalar", "dual"),
            ((5, 40), "full", "dual"),
            ((40, 5), "scalar", "primal"),
            ((20, 20), "scalar", "primal"),
        ],
    )
    def test_auto_takes_the_cheaper_one(self, monkeypatch, shape, kind, cheaper):
        used = []
        for form in FORMS:
            name = f"ridge_{form}"
            kernel = getattr(_kernels, name)
            monkeypatch.setattr(
                _kernels, name, lambda *a, f=form, g=kernel: (used.append(f), g(*a))[1]
            )
        problem = known(np.random.default_rng(15), *shape, min(shape), kind=kind).problem
        gk.train_ridge(problem, **OPTIMIZER, n_steps=2)
        assert used == [cheaper]

    def test_each_kernel_is_compiled_once(self):
        for kind in COVARIANCES:
            problem = known(np.random.default_rng(16), 4, 6, 4, kind=kind).problem
            for form in FORMS:
                gk.train_ridge(problem, **OPTIMIZER, n_steps=2, form=form)
        for form in FORMS:
            gk.train_ridge(data_problem(), **OPTIMIZER, n_steps=2, form=form)
        assert len(_kernels.ridge_primal.signatures) == 1
        assert len(_kernels.ridge_dual.signatures) == 1


class TestTrajectory:
    def test_step_zero_is_the_initialization(self):
        problem = gk.gaussian_problem(n_samples=4, n_features=9, rng=np.random.default_rng(0))
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=1)
        assert run.steps.tolist() == [0, 1]
        assert run.train_loss[0] == problem.train_loss(problem.initial_weights)
        assert run.test_loss[0] == problem.test_loss(problem.initial_weights)

    def test_a_run_leaves_its_problem_alone(self):
        problem = gk.gaussian_problem(n_samples=4, n_features=9, rng=np.random.default_rng(0))
        start = problem.initial_weights.copy()
        for form in FORMS:
            gk.train_ridge(problem, **OPTIMIZER, n_steps=3, form=form)
        np.testing.assert_array_equal(problem.initial_weights, start)

    @pytest.mark.parametrize("form", FORMS)
    def test_zero_features_leave_weight_decay_alone(self, kernels, form):
        problem = gk.realizable_problem(np.zeros((2, 3)), [0, 0, 0], [1, 2, 3], covariance=1.0)
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=20, form=form)
        np.testing.assert_allclose(run.weights, 0.991**20 * np.array([1, 2, 3]), rtol=1e-14)
        np.testing.assert_allclose(run.test_loss, 14 * 0.991 ** (2 * run.steps), rtol=1e-14)


class TestDivergence:
    """One mode with s = 1: δ is multiplied by ρ = 1 − η(s + λ) each step."""

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("learning_rate", [3.0, 11.0, 1e5, 1e200])
    def test_the_step_is_the_first_without_a_finite_loss(self, kernels, form, learning_rate):
        problem = known(np.random.default_rng(17), 6, 9, 5, label_noise=0.1).problem
        with np.errstate(all="ignore"):
            run = gk.train_ridge(
                problem,
                weight_decay=0,
                learning_rate=learning_rate,
                n_steps=5000,
                form=form,
                allow_unstable=True,
            )
            n_steps = run.divergence_step + 2
            train_loss, test_loss, _ = TWINS[form](problem, 0.0, learning_rate, n_steps)
        finite = np.isfinite(train_loss) & np.isfinite(test_loss)
        assert run.diverged
        assert run.divergence_step == run.steps[-1] == np.flatnonzero(~finite)[0]
        assert np.isfinite(run.train_loss[:-1] + run.test_loss[:-1]).all()
        assert not np.isfinite(run.train_loss[-1] + run.test_loss[-1])
        assert not run.test_loss[-1] < 0

    @pytest.mark.parametrize("form", FORMS)
    def test_growth_is_that_of_the_fastest_mode(self, form):
        answer = known(np.random.default_rng(18), 6, 9, 5)
        s = answer.singular[-1] ** 2 / 6
        run = gk.train_ridge(
            answer.problem,
            weight_decay=0,
            learning_rate=3 / s,
            n_steps=200,
            form=form,
            allow_unstable=True,
        )
        assert not run.diverged
        assert run.divergence_step is None
        assert run.train_loss[-1] / run.train_loss[-2] == pytest.approx(4.0, rel=1e-9)

    def test_an_unstable_step_size_is_refused_with_its_limit(self):
        answer = known(np.random.default_rng(19), 6, 9, 5)
        limit = 2 / (0.1 + answer.singular[-1] ** 2 / 6)
        with pytest.raises(ValueError, match=f"= {limit:.4g}: pass a smaller one"):
            gk.train_ridge(
                answer.problem, weight_decay=0.1, learning_rate=limit * (1 + 1e-9), n_steps=9
            )

    @pytest.mark.parametrize("form", FORMS)
    def test_just_below_the_limit_it_converges(self, form):
        answer = known(np.random.default_rng(20), 6, 9, 5, label_noise=0.1)
        limit = 2 / (0.1 + answer.singular[-1] ** 2 / 6)
        run = gk.train_ridge(
            answer.problem,
            weight_decay=0.1,
            learning_rate=limit * 0.99,
            n_steps=4000,
            form=form,
        )
        assert not run.diverged
        np.testing.assert_allclose(run.weights, answer.ridge_solution(0.1), atol=1e-13)


class TestStopping:
    """Stopped early, a run gives back what was done: losses and the weights that belong to them."""

    @pytest.fixture
    def problem(self):
        return known(np.random.default_rng(21), 5, 8, 5, label_noise=0.1).problem

    def assert_consistent(self, problem, run, n_steps):
        assert len(run) == n_steps + 1
        assert not run.diverged
        assert np.isfinite(run.train_loss).all() and np.isfinite(run.test_loss).all()
        assert problem.train_loss(run.weights) == pytest.approx(run.train_loss[-1], rel=1e-12)
        assert problem.test_loss(run.weights) == pytest.approx(run.test_loss[-1], rel=1e-12)

    @pytest.mark.parametrize("answer", [bool, np.bool_])
    @pytest.mark.parametrize("form", FORMS)
    def test_progress_that_returns_false(self, problem, form, answer):
        seen = []
        run = gk.train_ridge(
            problem,
            **OPTIMIZER,
            n_steps=10**7,
            form=form,
            progress=lambda done: seen.append(done) or answer(len(seen) < 3),
        )
        assert seen == sorted(seen) and len(seen) == 3
        self.assert_consistent(problem, run, seen[-1])

    @pytest.mark.parametrize("answer", [bool, np.bool_])
    @pytest.mark.parametrize("form", FORMS)
    def test_progress_sees_the_losses_and_stops_early(self, form, answer):
        """As soon as it is told of a loss that is low enough, long before the end."""
        problem = gk.gaussian_problem(n_samples=5, n_features=40, rng=np.random.default_rng(0))
        whole = gk.train_ridge(problem, **OPTIMIZER, n_steps=10**4, form=form)
        level = whole.test_loss[200]
        seen = []

        def progress(done):
            seen.append(done)
            assert done.train_loss == whole.train_loss[done]
            assert done.test_loss == whole.test_loss[done]
            return answer(done.test_loss > level)

        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=10**4, form=form, progress=progress)
        assert [done.test_loss > level for done in seen] == [True] * (len(seen) - 1) + [False]
        self.assert_consistent(problem, run, seen[-1])
        assert 200 < len(run) < 10**4

    def test_progress_that_returns_nothing_goes_on_to_the_end(self, problem):
        seen = []
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=500, progress=seen.append)
        assert len(run) == 501 and seen[-1] == 500

    def test_progress_that_cannot_be_called(self, problem):
        with pytest.raises(ValueError, match="progress='bar': pass True, False or a function"):
            gk.train_ridge(problem, **OPTIMIZER, n_steps=5, progress="bar")

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("piece", [1, 3])
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    def test_interrupt_around_a_kernel(self, monkeypatch, problem, form, piece, after):
        """A signal waits for the kernel to return, when its steps are done but not yet counted."""
        kernel = getattr(_kernels, f"ridge_{form}")
        done = []

        def interrupted(*arguments):
            if len(done) + 1 == piece and not after:
                raise KeyboardInterrupt
            done.append(kernel(*arguments))
            if len(done) == piece:
                raise KeyboardInterrupt
            return done[-1]

        monkeypatch.setattr(_kernels, f"ridge_{form}", interrupted)
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=10**6, form=form)
        self.assert_consistent(problem, run, sum(done))

    def test_interrupt_in_progress(self, problem):
        def progress(done):
            raise KeyboardInterrupt

        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=10**6, progress=progress)
        self.assert_consistent(problem, run, 64)

    def test_pieces_do_not_show(self, problem):
        """1000 steps in one go or stopped in between: the same numbers, bit for bit."""
        whole = gk.train_ridge(problem, **OPTIMIZER, n_steps=300)
        part = gk.train_ridge(problem, **OPTIMIZER, n_steps=10**6, progress=lambda done: False)
        np.testing.assert_array_equal(part.train_loss, whole.train_loss[: len(part)])
        np.testing.assert_array_equal(part.test_loss, whole.test_loss[: len(part)])


class TestRecordEvery:
    """Losses are kept at multiples of k and at the end; the run is the same."""

    @examples(60)
    @given(st.integers(1, 300), st.integers(1, 50), st.integers(0, 40), st.sampled_from(FORMS))
    def test_multiples_and_the_end(self, n_steps, every, begun, form):
        problem = known(np.random.default_rng(23), 4, 6, 4, label_noise=0.1).problem
        start = gk.exact_ridge(problem, **OPTIMIZER, steps=[begun])
        whole, run = (
            gk.train_ridge(
                problem, **OPTIMIZER, n_steps=n_steps, form=form, record_every=k, start=start
            )
            for k in (1, every)
        )
        kept = (whole.steps % every == 0) | np.isin(whole.steps, [begun, begun + n_steps])
        np.testing.assert_array_equal(run.steps, whole.steps[kept])
        np.testing.assert_array_equal(run.train_loss, whole.train_loss[kept])
        np.testing.assert_array_equal(run.test_loss, whole.test_loss[kept])
        np.testing.assert_array_equal(run.weights, whole.weights)

    def test_a_run_that_diverges_between_two_records_ends_at_its_step(self):
        problem = known(np.random.default_rng(17), 6, 9, 5, label_noise=0.1).problem
        settings = dict(weight_decay=0, learning_rate=11.0, n_steps=5000, allow_unstable=True)
        whole, run = (gk.train_ridge(problem, **settings, record_every=k) for k in (1, 1000))
        assert run.diverged and run.divergence_step == whole.divergence_step
        np.testing.assert_array_equal(run.steps, [0, whole.divergence_step])

    def test_a_run_that_is_stopped_keeps_its_last_step(self):
        problem = known(np.random.default_rng(21), 5, 8, 5, label_noise=0.1).problem
        run = gk.train_ridge(
            problem, **OPTIMIZER, n_steps=10**12, record_every=10**9, progress=lambda done: False
        )
        assert run.steps.tolist() == [0, 64]
        assert problem.train_loss(run.weights) == pytest.approx(run.train_loss[-1], rel=1e-12)


def data_problem():
    rng = np.random.default_rng(24)
    rows, labels = rng.standard_normal((20, 9)) / 3, rng.choice([-1.0, 1.0], 20)
    return gk.data_problem(
        rows[:6],
        labels[:6],
        test_features=rows[6:],
        test_targets=labels[6:],
        init_variance=1,
        rng=rng,
    )


class TestStart:
    """A run that is continued is the run that was never interrupted."""

    @pytest.fixture(params=["scalar", "full", "data"])
    def problem(self, request):
        if request.param == "data":
            return data_problem()
        return known(
            np.random.default_rng(25), 6, 9, 6, kind=request.param, label_noise=0.1
        ).problem

    def in_two(self, problem, tmp_path, **settings):
        first = gk.train_ridge(problem, **OPTIMIZER, n_steps=137, **settings)
        first.save(tmp_path / "run")
        start = gk.load_trajectory(tmp_path / "run")
        return gk.train_ridge(problem, **OPTIMIZER, n_steps=163, start=start, **settings)

    def test_bit_for_bit_in_the_primal_form(self, kernels, problem, tmp_path):
        whole = gk.train_ridge(problem, **OPTIMIZER, n_steps=300, form="primal")
        parts = self.in_two(problem, tmp_path, form="primal")
        np.testing.assert_array_equal(parts.steps, whole.steps)
        np.testing.assert_array_equal(parts.train_loss, whole.train_loss)
        np.testing.assert_array_equal(parts.test_loss, whole.test_loss)
        np.testing.assert_array_equal(parts.weights, whole.weights)

    def test_up_to_rounding_in_the_dual(self, problem, tmp_path):
        whole = gk.train_ridge(problem, **OPTIMIZER, n_steps=300, form="dual")
        parts = self.in_two(problem, tmp_path, form="dual")
        np.testing.assert_array_equal(parts.steps, whole.steps)
        assert_same(parts, (whole.train_loss, whole.test_loss, whole.weights), 1e-12)

    def test_the_closed_form_may_go_ahead(self, problem):
        ahead = gk.exact_ridge(problem, **OPTIMIZER, steps=[0, 10**6])
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=5, start=ahead)
        np.testing.assert_array_equal(run.steps, [0, *range(10**6, 10**6 + 6)])
        np.testing.assert_allclose(run.train_loss[1:], ahead.train_loss[-1], rtol=1e-11)

    def test_a_loss_that_is_all_rounding_is_no_other_problem(self, problem):
        run = dict(weight_decay=0, learning_rate=0.9)
        fitted = gk.exact_ridge(problem, **run, steps=[10**6])
        assert fitted.train_loss[-1] < 1e-28
        assert gk.train_ridge(problem, **run, n_steps=5, start=fitted).train_loss.max() < 1e-25

    @pytest.mark.parametrize(
        ("start", "words"),
        [
            (lambda p, run: replace(run, weights=None), ["start is a prediction"]),
            (lambda p, run: run.weights, ["start is a ndarray", "started_at"]),
            (lambda p, run: replace(run, diverged=True), ["start diverged"]),
            (lambda p, run: replace(run, weights=run.weights[1:]), ["start has other weights"]),
            (
                lambda p, run: replace(run, weights=(np.ones((2, 9)), run.weights)),
                ["start has other weights"],
            ),
            (lambda p, run: replace(run, weights=2 * run.weights), ["start ended", "started_at"]),
            (
                lambda p, run: gk.exact_ridge(p, weight_decay=0.5, learning_rate=0.9, steps=[3]),
                ["weight_decay=0.01", "0.5", "started_at"],
            ),
        ],
    )
    def test_what_cannot_be_continued(self, problem, start, words):
        run = gk.train_ridge(problem, **OPTIMIZER, n_steps=5)
        with pytest.raises(ValueError) as error:
            gk.train_ridge(problem, **OPTIMIZER, n_steps=5, start=start(problem, run))
        assert all(word in str(error.value) for word in words)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestBar:
    """Seconds are those of a clock that stands still between the reports."""

    @pytest.fixture
    def clock(self, monkeypatch):
        now = [0.0]
        for clock in ("time.perf_counter", "tqdm.std.time"):
            monkeypatch.setattr(clock, lambda: now[0])
        return now

    def shown(self, clock, monkeypatch, reports, *, progress=True, stream=Terminal):
        monkeypatch.setattr("sys.stderr", stream())
        with reporting(progress, 1000) as report:
            for clock[0], done in reports:
                report(done)
            return sys.stderr.getvalue()

    def test_none_for_a_run_of_five_seconds(self, clock, monkeypatch):
        assert not self.shown(clock, monkeypatch, [(0, 0), (2, 400), (4.9, 999)])

    def test_none_for_the_seconds_of_compilation(self, clock, monkeypatch):
        assert not self.shown(clock, monkeypatch, [(60, 64), (61, 400), (62, 1000)])

    def test_its_rate_is_that_of_the_steps_it_has_seen(self, clock, monkeypatch):
        """100 steps in a second, after 600 in another hundred."""
        seen = self.shown(clock, monkeypatch, [(0, 1), (100, 600), (101, 700)])
        assert "600/1.00k" in seen and "700/1.00k" in seen and "100step/s" in seen

    def test_none_if_it_is_not_wanted(self, clock, monkeypatch):
        assert not self.shown(clock, monkeypatch, [(0, 1), (100, 600)], progress=False)

    def test_none_in_a_log(self, clock, monkeypatch):
        assert not self.shown(clock, monkeypatch, [(0, 1), (100, 600)], stream=io.StringIO)


class TestFloatingPointErrorsOfTheCaller:
    """Overflow and underflow are results, whatever NumPy is told to do about them."""

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize(
        ("scale", "weight_decay", "learning_rate"), [(1e-170, 0.999, 1.0), (1e3, 0.0, 1e308)]
    )
    def test_runs_to_nothing_and_to_infinity(self, form, scale, weight_decay, learning_rate):
        features = np.random.default_rng(22).standard_normal((6, 9))
        problem = gk.realizable_problem(
            features, np.zeros(9), scale * np.linspace(0.1, 1, 9), covariance=1.0
        )
        run = partial(
            gk.train_ridge,
            problem,
            weight_decay=weight_decay,
            learning_rate=learning_rate,
            n_steps=50,
            form=form,
            allow_unstable=True,
        )
        with np.errstate(all="ignore"):
            expected = run()
        with np.errstate(all="raise"):
            run = run()
        np.testing.assert_array_equal(run.train_loss, expected.train_loss)
        np.testing.assert_array_equal(run.weights, expected.weights)


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(n_steps=0), ["n_steps=0", "at least 1"]),
            (dict(n_steps=-5), ["n_steps=-5", "at least 1"]),
            (dict(n_steps=2.5), ["n_steps=2.5", "whole number"]),
            (dict(n_steps="10"), ["n_steps='10'", "whole number"]),
            (dict(n_steps=None), ["n_steps=None", "whole number"]),
            (dict(n_steps=10**15), ["n_steps=1000000000000000", "memory", "exact_ridge"]),
            (dict(n_steps=10**30), ["n_steps=10000", "at most 2**53"]),
            (dict(record_every=0), ["record_every=0", "at least 1"]),
            (dict(form="fast"), ["form='fast'", "'auto', 'primal' or 'dual'"]),
            (dict(weight_decay=-1), ["weight_decay=-1", "0 or more"]),
            (dict(learning_rate=0), ["learning_rate=0", "above 0"]),
            (dict(weight_decay=1, allow_unstable=True), ["learning_rate=1", "weight_decay=1"]),
            (dict(learning_rate=90), ["learning_rate=90", "allow_unstable=True"]),
        ],
    )
    def test_message_names_argument_value_and_remedy(self, change, words):
        problem = gk.gaussian_problem(n_samples=2, n_features=3, rng=np.random.default_rng(0))
        arguments = dict(weight_decay=0.01, learning_rate=1.0, n_steps=5)
        with pytest.raises(ValueError) as error:
            gk.train_ridge(problem, **{**arguments, **change})
        assert all(word in str(error.value) for word in words)
