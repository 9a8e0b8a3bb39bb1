"""Networks: kernel, population loss, exact times, the law of the late stage."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, replace

import naive
import naive_network
import numpy as np
import pytest
import scipy.linalg  # its BLAS is the one whose threads are counted
import scipy.sparse
from draws import homogeneous_network as network
from threadpoolctl import threadpool_info, threadpool_limits

import grokedu as gk
from grokedu import _kernels
from grokedu.networks import forward, population_square

STEPS = 2000
DEPTHS = (2, 3, 4)
OPTIMIZER = dict(weight_decay=0.05, learning_rate=0.02)


def flat(weights):
    return np.concatenate([np.ravel(layer) for layer in weights])


# What is trained, and with which momentum.
KINDS = {
    "zero teacher": ({}, 0.0),
    "targets": ({"zero_teacher": False}, 0.0),
    "heavy ball": ({"zero_teacher": False}, 0.9),
    "three outputs": ({"zero_teacher": False, "n_outputs": 3}, 0.0),
    "three outputs, heavy ball": ({"zero_teacher": False, "n_outputs": 3}, 0.9),
}


class TestKernel:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("k", DEPTHS)
    def test_equals_naive_loop(self, kernels, k, kind):
        more, momentum = KINDS[kind]
        problem = network(0, k, **more)
        n_steps = STEPS if kernels == "compiled" else 20
        run = gk.train_network(problem, **OPTIMIZER, momentum=momentum, n_steps=n_steps)
        losses = np.transpose([run.train_loss, run.test_loss])
        recorded = dict(zip(run.steps.tolist(), losses, strict=True))
        twin = naive_network.gradient_descent(problem, *OPTIMIZER.values(), n_steps, momentum)
        for step, (hidden, output) in enumerate(twin):
            if step in recorded:
                residual = naive_network.outputs(problem.inputs, hidden, output) - problem.targets
                train_loss, test_loss = recorded.pop(step)
                expected = np.sum(residual**2) / (2 * len(residual))
                assert train_loss == pytest.approx(expected, rel=1e-10, abs=1e-20)
                expected = problem.test_loss(hidden, output)
                assert test_loss == pytest.approx(expected, rel=1e-10, nan_ok=True)
        assert not recorded
        weights = flat([*hidden, output])
        assert np.linalg.norm(flat(run.weights) - weights) <= 1e-10 * np.linalg.norm(weights)

    @pytest.mark.parametrize("n_outputs", [None, 1, 3])
    @pytest.mark.parametrize("k", DEPTHS)
    def test_one_step_follows_finite_differences(self, k, n_outputs):
        problem = network(1, k, zero_teacher=False, n_outputs=n_outputs)
        start = (*problem.hidden_weights, problem.output_weights)
        run = gk.train_network(problem, weight_decay=0, learning_rate=1e-3, n_steps=1)
        step = 1e-5
        for number, layer in enumerate(start):
            gradient = (layer - run.weights[number]) / 1e-3
            for index in np.ndindex(layer.shape):
                loss = []
                for sign in (1, -1):
                    moved = [weights.copy() for weights in start]
                    moved[number][index] += sign * step
                    loss.append(problem.train_loss(moved[:-1], moved[-1]))
                slope = (loss[0] - loss[1]) / (2 * step)
                assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-8)

    def test_one_step_by_hand(self, kernels):
        """One sample x = 2, one neuron w = 3, a = 5, target 1: N = 30, residual 29."""
        problem = gk.NetworkProblem(
            inputs=[[2.0]], hidden_weights=[[[3.0]]], output_weights=[5.0], targets=[1.0]
        )
        run = gk.train_network(problem, weight_decay=0.5, learning_rate=0.01, n_steps=1)
        hidden, output = run.weights
        assert run.train_loss[0] == pytest.approx(29**2 / 2, rel=1e-15)
        assert hidden[0, 0] == pytest.approx(3 * 0.995 - 0.01 * 29 * 5 * 2, rel=1e-15)
        assert output[0] == pytest.approx(5 * 0.995 - 0.01 * 29 * 6, rel=1e-15)

    def test_silent_neurons_only_decay(self, kernels):
        """A pre-activation of 0 or less passes nothing back, at exactly 0 too."""
        problem = gk.NetworkProblem(
            inputs=[[1.0, 0.0]], hidden_weights=[[-1.0, 2.0], [0.0, 1.0]], output_weights=[3.0, 4.0]
        )
        run = gk.train_network(problem, weight_decay=0.5, learning_rate=0.1, n_steps=500)
        hidden, output = run.weights
        np.testing.assert_allclose(output, 0.95**500 * np.array([3, 4]), rtol=1e-12)
        np.testing.assert_allclose(hidden[:, 1], 0.95**500 * np.array([2, 1]), rtol=1e-12)

    def test_a_run_leaves_its_problem_alone(self):
        problem = network(2)
        start = flat([*problem.hidden_weights, problem.output_weights])
        gk.train_network(problem, **OPTIMIZER, n_steps=5)
        np.testing.assert_array_equal(
            flat([*problem.hidden_weights, problem.output_weights]), start
        )


class TestPopulationSquare:
    def test_monte_carlo_agrees_within_its_error(self):
        rng = np.random.default_rng(3)
        hidden, output = rng.standard_normal((30, 7)), rng.standard_normal(30)
        squares = forward(rng.standard_normal((200_000, 7)), (hidden,), output) ** 2
        error = squares.std() / np.sqrt(len(squares))
        assert abs(population_square(hidden, output) - squares.mean()) < 3 * error

    @pytest.mark.parametrize("shape", [(1,), (2,), (40,), (40, 3)])
    def test_equals_the_double_sum(self, kernels, shape):
        rng = np.random.default_rng(shape)
        hidden, output = rng.standard_normal((shape[0], 5)), rng.standard_normal(shape)
        expected = naive_network.population_square(hidden, output)
        assert population_square(hidden, output) == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize(
        ("hidden", "output", "expected"),
        [
            ([[3.0, 4.0]], [1.0], 25 / 2),  # E σ(w·x)² = ‖w‖²/2
            ([[1.0, 0.0], [-1.0, 0.0]], [1.0, -1.0], 1.0),  # σ(z) − σ(−z) = z
            ([[1.0, 0.0], [-1.0, 0.0]], [1.0, 1.0], 1.0),  # |z|
            ([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0], 1 + 1 / np.pi),
            ([[1.0, 0.0], [2.0, 0.0]], [2.0, -1.0], 0.0),  # the same function, subtracted
            ([[0.0, 0.0], [1.0, 0.0]], [7.0, 1.0], 0.5),  # a neuron without weights
        ],
    )
    def test_known_values(self, hidden, output, expected):
        value = population_square(np.array(hidden), np.array(output))
        assert value == pytest.approx(expected, rel=1e-14, abs=1e-15)

    @pytest.mark.parametrize("width", [511, 512, 513, 1030])
    def test_blocks_do_not_show(self, width):
        rng = np.random.default_rng(width)
        hidden, output = rng.standard_normal((width, 4)), rng.standard_normal(width)
        products, norms = hidden @ hidden.T, np.linalg.norm(hidden, axis=1)
        sizes = np.outer(norms, norms)
        angle = np.arccos(np.clip(products / sizes, -1, 1))
        moments = sizes / (2 * np.pi) * (np.sin(angle) + (np.pi - angle) * np.cos(angle))
        expected = output @ moments @ output
        assert population_square(hidden, output) == pytest.approx(expected, rel=1e-11)

    def test_nan_and_overflow_stay_visible(self):
        for bad in (np.nan, np.inf, 1e200):
            with np.errstate(all="ignore"):
                value = population_square(np.array([[bad, 1.0], [1.0, 2.0]]), np.ones(2))
            assert not np.isfinite(value)


class TestHomogeneity:
    @pytest.mark.parametrize("scale", [0.5, 4.0])  # powers of two: no rounding at all
    @pytest.mark.parametrize("k", DEPTHS)
    def test_losses_scale_with_the_power_2k(self, k, scale):
        problem = network(4, k)
        hidden, output = problem.hidden_weights, problem.output_weights
        scaled = [scale * layer for layer in hidden], scale * output
        for loss in (problem.train_loss, problem.test_loss):
            assert loss(*scaled) == scale ** (2 * k) * loss(hidden, output)

    def test_a_scale_that_rounds(self):
        problem = network(5)
        hidden, output = problem.hidden_weights, problem.output_weights
        scaled = problem.test_loss([0.3 * hidden[0]], 0.3 * output)
        assert scaled == pytest.approx(0.3**4 * problem.test_loss(hidden, output), rel=1e-13)


@pytest.fixture(scope="module")
def curves():
    problem = network(6)
    twin = naive_network.gradient_descent(problem, 0.05, 0.02, 1500)
    losses = [(problem.train_loss(*weights), problem.test_loss(*weights)) for weights in twin]
    return problem, *np.transpose(losses)


class TestExactTimes:
    """t1 and t2 against a run in which everything is evaluated at every step."""

    @pytest.mark.parametrize("gap", [-40, -3, 0, 1, 5, 100])
    @pytest.mark.parametrize("t1", [5, 17, 61, 140, 143])
    def test_to_the_step_wherever_they_lie(self, curves, t1, gap):
        """Between the losses of steps t1 and t1 + 1, t2 − 1 and t2; often in the same window."""
        problem, train_loss, test_loss = curves
        t2 = max(t1 + gap, 1)
        thresholds = dict(
            train_threshold=(train_loss[t1] + train_loss[t1 + 1]) / 2,
            test_threshold=(test_loss[t2 - 1] + test_loss[t2]) / 2,
        )
        expected = (
            naive.last_at_least(train_loss, thresholds["train_threshold"]),
            naive.first_at_most(test_loss, thresholds["test_threshold"]),
        )
        assert expected == (t1, t2)
        run = gk.train_network(problem, **OPTIMIZER, n_steps=700, **thresholds)
        times = gk.grokking_times(run, **thresholds)
        assert (times.overfit_step, times.generalize_step) == expected
        assert np.all(np.diff(run.steps) > 0) and run.steps[-1] == 700
        np.testing.assert_allclose(run.test_loss, test_loss[run.steps], rtol=1e-10)

    @pytest.mark.parametrize("n_steps", [1, 9, 141, 142, 143])
    def test_around_the_end_of_the_run(self, curves, n_steps):
        problem, train_loss, _ = curves
        thresholds = dict(train_threshold=train_loss[141:143].mean(), test_threshold=0.01)
        run = gk.train_network(problem, **OPTIMIZER, n_steps=n_steps, **thresholds)
        times = gk.grokking_times(run, **thresholds)
        assert run.steps[-1] == n_steps
        assert times.overfit_step == (141 if n_steps > 141 else None)

    def test_a_loss_that_rises_again_counts_to_its_last_crossing(self):
        """With one step too long for one direction the loss jumps up before it goes down."""
        problem = network(7, zero_teacher=False)
        twin = naive_network.gradient_descent(problem, 0.05, 0.35, 300)
        losses = np.array([problem.train_loss(*weights) for weights in twin])
        rises = np.flatnonzero(np.diff(losses) > 1e-3 * losses[:-1])
        level = losses[rises[len(rises) // 2] + 1] * 0.999
        run = gk.train_network(
            problem, weight_decay=0.05, learning_rate=0.35, n_steps=300, train_threshold=level
        )
        times = gk.grokking_times(run, train_threshold=level)
        last = naive.last_at_least(losses, level)
        assert rises.size and times.overfit_step == (None if last == 300 else last)

    def test_below_both_thresholds_from_the_start(self):
        problem = network(8)
        run = gk.train_network(
            problem, **OPTIMIZER, n_steps=30, train_threshold=100, test_threshold=100
        )
        times = gk.grokking_times(run, train_threshold=100, test_threshold=100)
        assert (times.overfit_step, times.generalize_step) == (None, 0)


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@contextmanager
def two_blas_threads():
    """Set by a thread that ends: threadpoolctl obeys one living thread at a time."""

    def elsewhere(function, *arguments, **options):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function, *arguments, **options).result()

    limits = elsewhere(threadpool_limits, 2, user_api="blas")
    try:
        yield
    finally:
        elsewhere(limits.restore_original_limits)


def late_rate(run, step_size):
    """The slope of −ln(test loss) over the last half of a run, in units of ηλ, to first order."""
    late = run.steps >= run.steps[-1] / 2
    slope = np.polyfit(run.steps[late], np.log(run.test_loss[late]), 1)[0]
    return -slope / -np.log1p(-step_size)


class TestLateStage:
    @pytest.mark.parametrize("k", [2, 3])
    def test_rate_is_2k(self, k):
        problem = network(9, k, n=10, d=20, width=100)
        run = gk.train_network(problem, weight_decay=0.05, learning_rate=0.05, n_steps=3000)
        assert late_rate(run, 0.05 * 0.05) == pytest.approx(2 * k, rel=1e-6)

    def test_rate_of_the_linear_model_is_2(self):
        problem = gk.gaussian_problem(
            n_samples=10, n_features=100, teacher_norm=0.0, rng=np.random.default_rng(9)
        )
        run = gk.train_ridge(problem, weight_decay=1e-3, learning_rate=0.5, n_steps=8000)
        assert late_rate(run, 5e-4) == pytest.approx(2, rel=1e-6)

    @pytest.mark.parametrize("k", [2, 3])
    def test_once_fitted_all_weights_shrink_by_the_same_factor(self, k):
        problem = network(9, k, n=10, d=20, width=100)
        optimizer = dict(weight_decay=0.05, learning_rate=0.05)
        early = gk.train_network(problem, **optimizer, n_steps=1500)
        late = gk.train_network(problem, **optimizer, n_steps=2000)
        shrunk = 0.9975**500 * flat(early.weights)
        np.testing.assert_allclose(flat(late.weights), shrunk, rtol=1e-8, atol=1e-14)

    def test_closed_form_meets_the_full_run_as_the_tolerance_shrinks(self):
        problem = network(9, n=10, d=20, width=100)
        optimizer = dict(weight_decay=0.05, learning_rate=0.01, n_steps=9000)
        full = gk.train_network(problem, **optimizer)
        expected = gk.grokking_times(full)
        errors, ends = [], []
        for fit_tolerance in (1e-2, 1e-4, 1e-6, 1e-8):
            short = gk.train_network(
                problem, **optimizer, tail="closed form", fit_tolerance=fit_tolerance
            )
            times = gk.grokking_times(short)
            assert times.overfit_step == expected.overfit_step
            assert short.steps[-1] == full.steps[-1] == 9000
            errors.append(abs(times.generalize_step - expected.generalize_step))
            ends.append(np.linalg.norm(flat(short.weights) - flat(full.weights)))
        ends = np.array(ends) / np.linalg.norm(flat(full.weights))
        assert errors[0] > errors[1] and errors[2:] == [0, 0]
        assert errors[1] < 0.005 * expected.generalize_step
        # The rest that is neglected is as large as the square root of the tolerance.
        assert np.all(ends[1:] < 0.3 * ends[:-1])

    def test_times_in_the_closed_form_are_those_of_its_formula(self):
        """Fitted from the start: t2 = ⌈ln(L/c) / (−2k ln(1 − ηλ))⌉."""
        problem = replace(network(10), inputs=np.zeros((3, 6)), targets=np.zeros(3))
        run = gk.train_network(problem, **OPTIMIZER, n_steps=10**6, tail="closed form")
        start = problem.test_loss(problem.hidden_weights, problem.output_weights)
        expected = np.ceil(np.log(start / 0.01) / (-4 * np.log1p(-0.001)))
        times = gk.grokking_times(run)
        assert times.generalize_step == expected
        assert times.overfit_step is None and run.steps[-1] == 10**6

    def test_without_weight_decay_nothing_shrinks(self):
        problem = replace(network(10), inputs=np.zeros((3, 6)), targets=np.zeros(3))
        run = gk.train_network(
            problem, weight_decay=0, learning_rate=0.1, n_steps=1000, tail="closed form"
        )
        assert np.ptp(run.test_loss) == 0 and gk.grokking_times(run).generalize_step is None

    def test_a_perfect_fit_of_other_targets_is_not_the_late_stage(self):
        """Weight decay moves this network off its data again."""
        problem = gk.NetworkProblem(
            inputs=[[1.0]], hidden_weights=[[1.0]], output_weights=[1.0], targets=[1.0]
        )
        run = gk.train_network(problem, weight_decay=0.1, learning_rate=0.1, n_steps=50)
        assert run.train_loss[0] == 0 and run.train_loss[-1] > 1e-4


SLOWLY = dict(weight_decay=0.05, learning_rate=1e-3)


class TestStopping:
    """Stopped early, a run gives back what was done, and weights that belong to its last step."""

    def assert_consistent(self, problem, run):
        *hidden, output = run.weights
        assert not run.diverged and np.all(np.diff(run.steps) > 0)
        assert np.isfinite(run.train_loss).all() and np.isfinite(run.test_loss).all()
        assert problem.train_loss(hidden, output) == run.train_loss[-1]
        assert problem.test_loss(hidden, output) == run.test_loss[-1]
        if run.steps[-1] > 0:
            whole = gk.train_network(problem, **SLOWLY, n_steps=int(run.steps[-1]))
            np.testing.assert_array_equal(flat(run.weights), flat(whole.weights))

    @pytest.mark.parametrize("answer", [bool, np.bool_])
    def test_progress_that_returns_false(self, answer):
        problem, seen = network(11), []
        run = gk.train_network(
            problem,
            **SLOWLY,
            n_steps=10**8,
            progress=lambda done: seen.append(done) or answer(done < 1000),
        )
        assert seen == sorted(seen) and run.steps[-1] == seen[-1] >= 1000
        self.assert_consistent(problem, run)

    def test_progress_sees_the_losses_last_recorded(self):
        seen = []
        run = gk.train_network(network(11), **SLOWLY, n_steps=500, progress=seen.append)
        losses = np.column_stack([run.train_loss, run.test_loss])
        assert len(seen) > 1
        for done in seen:
            told = done.train_loss, done.test_loss
            assert (losses[run.steps < done] == told).all(axis=1).any()

    def test_progress_that_returns_nothing_goes_on_to_the_end(self):
        seen = []
        gk.train_network(network(11), **SLOWLY, n_steps=500, progress=seen.append)
        assert seen[-1] == 500

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("call", [1, 2, 17, 40])
    def test_interrupt_around_a_kernel(self, monkeypatch, call, after):
        """A signal waits for the kernel to return, when its steps are done but not yet counted."""
        kernel, calls = _kernels.relu_network, []

        def interrupted(*arguments):
            calls.append(None)
            if len(calls) == call and not after:
                raise KeyboardInterrupt
            done = kernel(*arguments)
            if len(calls) == call:
                raise KeyboardInterrupt
            return done

        problem = network(11)
        monkeypatch.setattr(_kernels, "relu_network", interrupted)
        run = gk.train_network(problem, **SLOWLY, n_steps=10**8)
        monkeypatch.setattr(_kernels, "relu_network", kernel)
        assert (run.steps[-1] == 0) == (call == 1 and not after)
        self.assert_consistent(problem, run)

    @pytest.mark.parametrize("call", range(1, 40, 3))
    def test_interrupt_while_a_loss_is_evaluated(self, monkeypatch, call):
        """At any record, also those of the search for t2, which is near step 20 here."""
        evaluate, calls = gk.NetworkProblem.test_loss, []

        def interrupted(self, *weights):
            calls.append(None)
            if len(calls) == call:
                raise KeyboardInterrupt
            return evaluate(self, *weights)

        problem = network(11)
        level = 0.9 * problem.test_loss(problem.hidden_weights, problem.output_weights)
        monkeypatch.setattr(gk.NetworkProblem, "test_loss", interrupted)
        run = gk.train_network(problem, **SLOWLY, n_steps=10**8, test_threshold=level)
        monkeypatch.setattr(gk.NetworkProblem, "test_loss", evaluate)
        self.assert_consistent(problem, run)

    def test_blas_is_kept_to_one_thread_until_the_end(self):
        """Two threads take up to eight times as long for products this small."""
        seen = []
        with threadpool_limits(2, user_api="blas"):
            gk.train_network(
                network(11), **SLOWLY, n_steps=50, progress=lambda done: seen.append(blas_threads())
            )
            assert blas_threads() == {2}
        assert all(threads == {1} for threads in seen)

    @pytest.mark.parametrize("first_to_end", [0, 1])
    def test_blas_threads_outlive_runs_that_overlap(self, first_to_end):
        """Two runs begin one after the other and end in either order."""
        begun, ended = [[threading.Event() for _ in range(2)] for _ in range(2)]
        seen = []

        def train(run):
            def progress(done):
                begun[run].set()
                begun[1].wait(60)
                if run != first_to_end:
                    ended[first_to_end].wait(60)
                    seen.append(blas_threads())

            if run == 1:
                begun[0].wait(60)
            gk.train_network(network(11), **SLOWLY, n_steps=50, progress=progress)
            ended[run].set()

        with two_blas_threads(), ThreadPoolExecutor(2) as pool:
            list(pool.map(train, range(2)))
            assert blas_threads() == {2}
        assert seen and all(threads == {1} for threads in seen)

    def test_interrupt_in_progress(self):
        def progress(done):
            raise KeyboardInterrupt

        problem = network(11)
        run = gk.train_network(problem, **SLOWLY, n_steps=10**8, progress=progress)
        assert run.steps[-1] == 1
        self.assert_consistent(problem, run)


class TestDivergence:
    @pytest.mark.parametrize(
        ("k", "learning_rate"),
        [(2, 2.0), (2, 3.0), (2, 10.0), (2, 1e3), (2, 1e30), (3, 1e3), (3, 1e30)],
    )
    def test_the_step_is_the_first_without_finite_losses(self, k, learning_rate):
        problem = network(12, k, zero_teacher=False)
        run = gk.train_network(problem, weight_decay=0, learning_rate=learning_rate, n_steps=10_000)
        assert run.diverged and run.divergence_step == run.steps[-1]
        assert not np.isfinite(run.train_loss[-1])
        assert np.isfinite(run.train_loss[:-1]).all()
        with np.errstate(all="ignore"):
            twin = naive_network.gradient_descent(problem, 0.0, learning_rate, 10_000)
            first = next(
                step
                for step, weights in enumerate(twin)
                if not np.isfinite(problem.train_loss(*weights))
            )
        assert run.divergence_step == first
        assert f"diverged at step {first}" in gk.grokking_times(run).reason

    def test_a_start_that_overflows(self):
        problem = gk.NetworkProblem(
            inputs=[[1.0]], hidden_weights=[[1e200]], output_weights=[1e200]
        )
        run = gk.train_network(problem, **OPTIMIZER, n_steps=10)
        assert run.diverged and run.divergence_step == 0


class TestLabels:
    """Labels that are not zero leave the teacher, and so the test loss, unknown."""

    @pytest.mark.parametrize("k", DEPTHS)
    def test_the_test_loss_is_not_a_number_and_the_reason_says_so(self, k):
        problem = network(14, k, zero_teacher=False)
        run = gk.train_network(
            problem, weight_decay=1e-4, learning_rate=0.05, n_steps=3000, train_threshold=0.1
        )
        assert np.isnan(run.test_loss).all() and np.isfinite(run.train_loss).all()
        times = gk.grokking_times(run, train_threshold=0.1)
        assert times.overfit_step > 0 and times.generalize_step is None
        assert [reason.kind for reason in times.reasons] == [gk.Why.TEST_UNKNOWN]

    def test_the_time_of_overfitting_is_exact(self):
        problem = network(14, zero_teacher=False)
        losses = [
            problem.train_loss(*weights)
            for weights in naive_network.gradient_descent(problem, 1e-4, 0.05, 600)
        ]
        run = gk.train_network(
            problem, weight_decay=1e-4, learning_rate=0.05, n_steps=600, train_threshold=0.1
        )
        times = gk.grokking_times(run, train_threshold=0.1)
        assert times.overfit_step == naive.last_at_least(np.array(losses), 0.1)


class TestTeacher:
    """With a teacher of two layers the test loss E ‖N − N*‖² is exact; with labels it is a mean."""

    @pytest.mark.parametrize("n_outputs", [None, 3])
    def test_monte_carlo_agrees_within_its_error(self, n_outputs):
        problem = network(20, n_outputs=n_outputs, teacher_width=4, zero_teacher=False)
        weights = problem.hidden_weights, problem.output_weights
        fresh = np.random.default_rng(20).standard_normal((200_000, 6))
        errors = forward(fresh, *weights) - forward(fresh, *problem.teacher)
        squares = np.square(errors).reshape(len(fresh), -1).sum(axis=1)
        spread = squares.std() / np.sqrt(len(squares))
        assert abs(problem.test_loss(*weights) - squares.mean()) < 3 * spread
        # The same inputs as test rows, with a teacher or with its labels.
        for told in (
            {"teacher": problem.teacher},
            {"teacher": None, "test_targets": forward(fresh, *problem.teacher)},
        ):
            measured = replace(problem, test_inputs=fresh, **told)
            assert measured.test_loss(*weights) == pytest.approx(squares.mean(), rel=1e-12)

    def test_known_values(self):
        z = np.array([[1.0, 0.0]])
        problem = gk.NetworkProblem(
            inputs=[[3.0, 5.0]], hidden_weights=z, output_weights=[1.0], teacher=(z, [1.0])
        )
        assert problem.targets == [3.0] and not problem.teacher_is_zero
        losses = {
            0.0: ((2 * z,), [0.5]),  # the teacher, rescaled
            0.5: ((z,), [0.0]),  # E σ(z)²
            1.0: ((-z,), [1.0]),  # E (σ(−z) − σ(z))² = E z²
            2.0: ((z,), [-1.0]),  # E (2σ(z))²
        }
        for expected, (hidden, output) in losses.items():
            loss = problem.test_loss(hidden, np.array(output))
            assert loss == pytest.approx(expected, rel=1e-14, abs=1e-15)

    def test_noise_in_the_labels_is_no_part_of_the_test_loss(self):
        clean = network(21, teacher_width=3)
        noisy = replace(clean, targets=clean.targets + 1)
        weights = clean.hidden_weights, clean.output_weights
        assert noisy.train_loss(*weights) != clean.train_loss(*weights)
        assert noisy.test_loss(*weights) == clean.test_loss(*weights)

    def test_times_are_exact_with_heavy_ball_too(self):
        """Both crossings are found by going back, to weights and velocities."""
        problem = network(22, n=40, d=3, width=30, teacher_width=2)
        rule, momentum = dict(weight_decay=1e-3, learning_rate=0.02), 0.9
        twin = naive_network.gradient_descent(problem, *rule.values(), 400, momentum)
        losses = [(problem.train_loss(*w), problem.test_loss(*w)) for w in twin]
        train_loss, test_loss = np.transpose(losses)
        levels = dict(
            train_threshold=train_loss[120:122].mean(), test_threshold=test_loss[230:232].mean()
        )
        run = gk.train_network(problem, **rule, momentum=momentum, n_steps=400, **levels)
        times = gk.grokking_times(run, **levels)
        assert (times.overfit_step, times.generalize_step) == (
            naive.last_at_least(train_loss, levels["train_threshold"]),
            naive.first_at_most(test_loss, levels["test_threshold"]),
        )
        np.testing.assert_allclose(run.test_loss, test_loss[run.steps], rtol=1e-9)
        assert run.parameters["momentum"] == momentum

    def test_deep_networks_are_measured_on_test_inputs(self):
        problem = network(23, 3, teacher_width=5)
        weights = problem.hidden_weights, problem.output_weights
        errors = forward(problem.test_inputs, *weights) - forward(
            problem.test_inputs, *problem.teacher
        )
        assert problem.test_loss(*weights) == pytest.approx(np.mean(errors**2), rel=1e-14)

    @pytest.mark.parametrize("zero", ["targets", "test_targets", "teacher"])
    def test_the_teacher_is_zero_only_if_nothing_says_otherwise(self, zero):
        problem = network(24)
        labels = dict(targets=np.zeros(5), test_inputs=np.ones((2, 6)), test_targets=np.zeros(2))
        if zero == "teacher":
            labels = dict(teacher=(np.ones((1, 6)), [0.0]))
        assert replace(problem, **labels).teacher_is_zero
        value = (np.ones((1, 6)), [1e-9]) if zero == "teacher" else labels[zero] + 1e-9
        problem = replace(problem, **{**labels, zero: value})
        assert not problem.teacher_is_zero and problem.test_loss_is_known
        with pytest.raises(ValueError, match="zero teacher"):
            gk.train_network(problem, **OPTIMIZER, n_steps=5, tail="closed form")

    def test_a_drawn_teacher(self):
        draw = {"n_samples": 9, "input_dim": 4, "width": 20}
        plain = gk.relu_network_problem(**draw, rng=np.random.default_rng(0))
        taught = gk.relu_network_problem(
            **draw, teacher_width=3, teacher_norm=0.5, rng=np.random.default_rng(0)
        )
        np.testing.assert_array_equal(taught.inputs, plain.inputs)
        np.testing.assert_array_equal(taught.hidden_weights[0], plain.hidden_weights[0])
        np.testing.assert_array_equal(taught.targets, forward(taught.inputs, *taught.teacher))
        assert taught.teacher[0][0].shape == (3, 4)
        zero_predictor = taught.test_loss(taught.hidden_weights, np.zeros(20))
        assert zero_predictor == pytest.approx(0.25, rel=1e-12)


class TestProblem:
    @pytest.mark.parametrize("k", DEPTHS)
    def test_owns_what_it_is_made_of(self, k):
        given = network(15, k)
        arrays = dict(
            inputs=given.inputs.copy(),
            hidden_weights=[layer.copy() for layer in given.hidden_weights],
            output_weights=given.output_weights.copy(),
            targets=given.targets.copy(),
            test_inputs=None if k == 2 else given.test_inputs.copy(),
        )
        problem = gk.NetworkProblem(**arrays)
        for array in (*arrays.pop("hidden_weights"), *arrays.values()):
            if array is not None:
                array[...] = 7.0
        self.assert_equal(problem, given)

    @pytest.mark.parametrize("k", DEPTHS)
    def test_cannot_be_edited(self, k):
        problem = network(15, k)
        for copy in (problem, pickle.loads(pickle.dumps(problem)), replace(problem)):
            for array in self.arrays(copy):
                with pytest.raises(ValueError, match="read-only"):
                    array[...] = 0

    @pytest.mark.parametrize("k", DEPTHS)
    def test_survives_pickle_and_replace(self, k):
        problem = network(15, k, zero_teacher=False)
        self.assert_equal(pickle.loads(pickle.dumps(problem)), problem)
        self.assert_equal(replace(problem), problem)

    def test_replace_checks_again(self):
        with pytest.raises(ValueError, match="targets contains NaN"):
            replace(network(15), targets=np.full(5, np.nan))

    def test_repr_says_the_shapes(self):
        text = repr(network(15, 3, n=5, d=6, width=12))
        assert all(part in text for part in ("n_samples=5", "input_dim=6", "(12, 13)"))
        assert len(text) < 120

    def test_problems_are_told_apart_by_identity(self):
        problem = network(15)
        assert problem == problem and problem != network(15)
        assert len({problem, network(15)}) == 2

    @staticmethod
    def arrays(problem):
        names = [part.name for part in fields(problem) if part.name != "hidden_weights"]
        others = [getattr(problem, name) for name in names]
        return [*problem.hidden_weights, *(array for array in others if array is not None)]

    def assert_equal(self, left, right):
        for ours, theirs in zip(self.arrays(left), self.arrays(right), strict=True):
            np.testing.assert_array_equal(ours, theirs)


class TestFloatingPointErrorsOfTheCaller:
    """Overflow and underflow are results, whatever NumPy is told to do about them."""

    @pytest.mark.parametrize("k", [2, 3])
    @pytest.mark.parametrize(
        ("scale", "learning_rate", "tail"),
        [(1, 0.02, "closed form"), (1e-90, 0.02, "simulate"), (1, 1e200, "simulate")],
    )
    def test_runs_to_nothing_and_to_infinity(self, k, scale, learning_rate, tail):
        problem = network(16, k)
        problem = replace(problem, output_weights=scale * problem.output_weights)
        with np.errstate(all="raise"):
            run = gk.train_network(
                problem,
                weight_decay=0.5 / max(learning_rate, 1),
                learning_rate=learning_rate,
                n_steps=10**5,
                tail=tail,
            )
        assert run.diverged == (learning_rate > 1)
        if not run.diverged:
            assert run.test_loss[-1] < 1e-200


TEACHER = np.ones((1, 3)), [1.0]
TEST_ROWS = {"test_inputs": np.ones((2, 3)), "test_targets": np.ones(2)}


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(n_steps=0), ["n_steps=0", "at least 1"]),
            (dict(n_steps=2.5), ["n_steps=2.5", "whole number"]),
            (dict(n_steps=10**30), ["n_steps=1000", "at most"]),
            (dict(weight_decay=-1), ["weight_decay=-1", "0 or more"]),
            (dict(learning_rate=0), ["learning_rate=0", "above 0"]),
            (dict(weight_decay=2, learning_rate=1), ["learning_rate=1", "weight_decay=2", "below"]),
            (dict(train_threshold=0), ["train_threshold=0", "above 0"]),
            (dict(test_threshold=np.nan), ["test_threshold=nan", "above 0"]),
            (dict(fit_tolerance=0), ["fit_tolerance=0", "above 0"]),
            (dict(tail="exact"), ["tail='exact'", "'simulate' or 'closed form'"]),
            (
                dict(tail="closed form", train_threshold=1e-6),
                ["fit_tolerance=1e-05", "train_threshold=1e-06", "smaller"],
            ),
            (dict(momentum=1), ["momentum=1", "0 or more and below 1"]),
            (dict(tail="closed form", momentum=0.9), ["momentum=0.9", "tail='simulate'"]),
        ],
    )
    def test_of_training(self, change, words):
        arguments = dict(weight_decay=0.01, learning_rate=0.1, n_steps=5)
        with pytest.raises(ValueError) as error:
            gk.train_network(network(13), **{**arguments, **change})
        assert all(word in str(error.value) for word in words)

    @pytest.mark.parametrize("hidden", [None, [], np.ones((4, 3)), [np.ones((4, 2))]])
    def test_of_other_weights(self, hidden):
        problem = gk.NetworkProblem(np.ones((2, 3)), np.ones((4, 3)), np.ones(4))
        for asked in (problem.train_loss, problem.test_loss, problem.gradients):
            with pytest.raises(ValueError, match=r"weights have .*: pass .* run\.weights"):
                asked(hidden, problem.output_weights)

    def test_closed_form_with_other_targets(self):
        problem = network(13, zero_teacher=False)
        with pytest.raises(ValueError, match="labels that are zero: pass tail='simulate'"):
            gk.train_network(problem, **OPTIMIZER, n_steps=5, tail="closed form")

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(inputs=np.ones(3)), ["inputs has shape (3,)", "n_samples, input_dim"]),
            (dict(inputs=np.ones((0, 3))), ["inputs has shape (0, 3)", "at least 1"]),
            (dict(inputs=[[1, 2, np.nan]]), ["inputs contains NaN", "remove or replace"]),
            (dict(hidden_weights=np.ones((4, 2))), ["layer 1", "(4, 2)", "(width, 3)"]),
            (dict(hidden_weights=np.ones((0, 3))), ["layer 1", "(0, 3)", "one row per neuron"]),
            (dict(hidden_weights=()), ["hidden_weights has no layers", "train_ridge"]),
            (
                dict(hidden_weights=(np.ones((4, 3)), np.ones((5, 3)))),
                ["layer 2", "(5, 3)", "(width, 4)"],
            ),
            (dict(hidden_weights=(np.ones((4, 3)), np.ones((4, 4)))), ["test_inputs is None"]),
            (dict(output_weights=np.ones(5)), ["output_weights", "(5,)", "(4,)"]),
            (dict(output_weights=["a"] * 4), ["output_weights", "real numbers"]),
            (dict(targets=np.ones(3)), ["targets", "(3,)", "(2,)"]),
            (dict(targets=[[1, 2], [3]]), ["targets is not an array", "real numbers"]),
            (dict(targets=np.array(["1", 2], dtype=object)), ["targets", "real numbers"]),
            (dict(targets=np.ma.array([1, 2], mask=[0, 1])), ["targets", "masked", "filled"]),
            (dict(inputs=scipy.sparse.eye_array(2, 3)), ["inputs", "sparse", "toarray()"]),
            (dict(hidden_weights=scipy.sparse.eye_array(4, 3)), ["layer 1", "sparse", "toarray()"]),
            (dict(test_inputs=np.ones((9, 4))), ["test_inputs", "(9, 4)", "3"]),
            (dict(test_inputs=np.ones((0, 3))), ["test_inputs", "(0, 3)", "at least 1"]),
            (dict(output_weights=np.ones((4, 0))), ["output_weights", "(4, 0)", "n_outputs"]),
            (dict(targets=np.ones((2, 5))), ["targets", "(2, 5)", "output_weights", "(4, 5)"]),
            (dict(output_weights=np.ones((4, 5)), targets=np.ones(2)), ["(2,)", "(2, 5)"]),
            (dict(test_targets=np.ones(2)), ["test_targets", "pass test_inputs too"]),
            (TEST_ROWS, ["test_targets without targets"]),
            ({**TEST_ROWS, "targets": np.ones(2), "test_targets": np.ones(3)}, ["(3,)", "(2,)"]),
            ({**TEST_ROWS, "teacher": TEACHER}, ["test_targets and teacher", "leave one out"]),
            (
                dict(teacher=np.ones(3)),
                ["teacher is a ndarray", "(hidden_weights, output_weights)"],
            ),
            (dict(teacher=(np.ones((1, 2)), [1.0])), ["teacher, hidden", "(1, 2)", "(width, 3)"]),
            (dict(teacher=(np.ones((1, 3)), [1.0, 2.0])), ["teacher, output", "(2,)", "(1,)"]),
            (dict(teacher=(np.ones((1, 3)), [[1.0]])), ["(1, 1)", "(4,)", "as many outputs"]),
            (
                dict(teacher=((np.ones((1, 3)), np.ones((1, 1))), [1.0])),
                ["test_inputs is None", "two layers"],
            ),
        ],
    )
    def test_of_a_problem(self, change, words):
        arguments = dict(
            inputs=np.ones((2, 3)), hidden_weights=np.ones((4, 3)), output_weights=np.ones(4)
        )
        with pytest.raises(ValueError) as error:
            gk.NetworkProblem(**{**arguments, **change})
        assert all(word in str(error.value) for word in words)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(n_samples=0), ["n_samples=0", "at least 1"]),
            (dict(input_dim=1.5), ["input_dim=1.5", "whole number"]),
            (dict(width=-1), ["width=-1", "at least 1"]),
            (dict(init_variance=-1), ["init_variance=-1", "0 or more"]),
            (dict(rng=0), ["rng=0", "numpy.random.default_rng"]),
            (dict(teacher_width=0), ["teacher_width=0", "at least 1"]),
            (dict(teacher_width=1, teacher_norm=-1), ["teacher_norm=-1", "0 or more"]),
        ],
    )
    def test_of_a_drawn_problem(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.relu_network_problem(**{"rng": np.random.default_rng(0), **change})
        assert all(word in str(error.value) for word in words)


class TestDrawnProblem:
    def test_scales(self):
        problem = gk.relu_network_problem(
            n_samples=300, input_dim=40, width=5000, init_variance=3.0, rng=np.random.default_rng(0)
        )
        assert problem.n_layers == 2 and not problem.targets.any()
        assert problem.inputs.std() == pytest.approx(1, rel=0.03)
        assert problem.hidden_weights[0].std() == pytest.approx(np.sqrt(3 / 40), rel=0.03)
        assert problem.output_weights.std() == pytest.approx(1 / np.sqrt(5000), rel=0.03)

    def test_init_variance_scales_hidden_weights_only(self):
        one, four = (
            gk.relu_network_problem(init_variance=v, width=20, rng=np.random.default_rng(0))
            for v in (1.0, 4.0)
        )
        np.testing.assert_array_equal(four.hidden_weights[0], 2 * one.hidden_weights[0])
        np.testing.assert_array_equal(four.output_weights, one.output_weights)
        np.testing.assert_array_equal(four.inputs, one.inputs)
