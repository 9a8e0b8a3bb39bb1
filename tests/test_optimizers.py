"""Other losses, optimizers, batches and step sizes; and what none of them can do to stage II."""

import math
from dataclasses import replace

import naive
import numpy as np
import pytest
from draws import SHAPES, examples, known, powers, seeds
from hypothesis import assume, given
from hypothesis import strategies as st
from test_training import assert_same, data_problem

import grokedu as gk
from grokedu import _kernels

FORMS = ("primal", "dual")
DEFAULTS = dict(weight_decay=1e-4, learning_rate=1.0)
RULES = {
    "momentum": dict(momentum=0.9),
    "batches": dict(batch_size=4),
    "batches of one, momentum": dict(batch_size=1, momentum=0.5),
    "logistic": dict(loss="logistic"),
    "logistic, batches, momentum": dict(loss="logistic", batch_size=5, momentum=0.9),
    "adam": dict(optimizer="adam"),
    "adamw": dict(optimizer="adamw"),
    "adamw, logistic, batches": dict(optimizer="adamw", loss="logistic", batch_size=7),
}


def run(problem, rule, *, seed=0, **settings):
    """A run without a bar, whose batches are drawn from `seed`."""
    return gk.train_ridge(
        problem, **rule, **settings, rng=np.random.default_rng(seed), progress=False
    )


def labelled(problem):
    """The problem with the signs of its targets for labels."""
    return replace(problem, targets=np.sign(problem.targets))


def falling(n_steps, first=0.3):
    return first / np.sqrt(1 + np.arange(n_steps) / 20)


def unseen_part(problem, weights):
    right = problem.modes.right
    return weights - right @ (right.T @ weights)


@pytest.fixture(scope="module")
def at_defaults():
    return gk.gaussian_problem(rng=np.random.default_rng(0))


class TestKernelsEqualNaive:
    """Each rule against its slow twin, with step sizes that fall."""

    @pytest.mark.parametrize("kind", ["scalar", "full", "data"])
    @pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
    def test_losses_and_weights(self, kernels, rule, kind):
        n_steps = 500 if kernels == "compiled" else 40
        problem = data_problem()
        if kind != "data":
            problem = known(
                np.random.default_rng(30), 11, 17, 9, kind=kind, label_noise=0.3
            ).problem
        batch = min(rule.get("batch_size", 1), problem.n_samples - 1)
        rule = rule | {"batch_size": batch} if "batch_size" in rule else rule
        if rule.get("loss") == "logistic":
            problem = labelled(problem)
        sizes = falling(n_steps, 0.05 if "optimizer" in rule else 0.3)
        rng = np.random.default_rng(0)
        twin = naive.optimizer(problem, 0.01, sizes, **rule, rng=rng)
        for form in FORMS[: 1 if "optimizer" in rule else 2]:
            ours = run(problem, rule, weight_decay=0.01, schedule=sizes, n_steps=n_steps, form=form)
            assert_same(ours, twin, 1e-11)

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_on_all_shapes(self, shape, form):
        problem = known(np.random.default_rng(31), *SHAPES[shape], label_noise=0.3).problem
        rule = dict(momentum=0.8, batch_size=math.ceil(problem.n_samples / 3))
        ours = run(problem, rule, weight_decay=0.01, learning_rate=0.1, n_steps=300, form=form)
        twin = naive.optimizer(
            problem, 0.01, np.full(300, 0.1), **rule, rng=np.random.default_rng(0)
        )
        assert_same(ours, twin, 1e-11)

    def test_each_kernel_is_compiled_once(self):
        problems = [
            known(np.random.default_rng(16), 4, 6, 4, kind=k).problem for k in ("scalar", "full")
        ]
        for problem in (*problems, data_problem()):
            for form in FORMS:
                run(
                    problem,
                    dict(momentum=0.5),
                    weight_decay=0,
                    schedule=np.ones(2) / 9,
                    n_steps=2,
                    form=form,
                )
            run(
                problem,
                dict(optimizer="adam", batch_size=3),
                weight_decay=0,
                learning_rate=0.1,
                n_steps=2,
            )
        assert len(_kernels.optimizer_primal.signatures) == 1
        assert len(_kernels.optimizer_dual.signatures) == 1


class TestTheSameGradientDescent:
    """Settings that say the same thing in other words."""

    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize(
        "words",
        [
            dict(learning_rate=0.9, batch_size=12),
            dict(schedule=np.full(400, 0.9)),
            dict(schedule=lambda step: np.full(step.shape, 0.9)),
        ],
        ids=["batches of all", "constant array", "constant function"],
    )
    def test_as_the_plain_kernels(self, words, form):
        problem = known(np.random.default_rng(32), 12, 40, 12, label_noise=0.1).problem
        plain = gk.train_ridge(
            problem, weight_decay=0.01, learning_rate=0.9, n_steps=400, form=form
        )
        ours = gk.train_ridge(problem, weight_decay=0.01, **words, n_steps=400, form=form)
        assert_same(ours, (plain.train_loss, plain.test_loss, plain.weights), 1e-12)

    @pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
    def test_pieces_do_not_show(self, rule):
        """Stopped at the first report, 64 steps in: the same numbers, bit for bit."""
        problem = labelled(known(np.random.default_rng(33), 11, 17, 9).problem)
        settings = dict(weight_decay=0.01, learning_rate=0.05)
        whole = run(problem, rule, **settings, n_steps=300)
        seen = []
        gk.train_ridge(
            problem,
            **rule,
            **settings,
            n_steps=300,
            rng=np.random.default_rng(0),
            progress=lambda done: seen.append((int(done), done.train_loss, done.test_loss)),
        )
        assert len(seen) > 1
        for step, train_loss, test_loss in seen:
            assert (train_loss, test_loss) == (whole.train_loss[step], whole.test_loss[step])

    def test_a_schedule_goes_on_where_the_run_before_it_ended(self):
        problem = labelled(known(np.random.default_rng(34), 6, 9, 6).problem)
        rule = dict(loss="logistic", schedule=lambda step: 1 / (1 + step), form="primal")
        whole = run(problem, rule, weight_decay=0.01, n_steps=30)
        first = run(problem, rule, weight_decay=0.01, n_steps=13)
        parts = run(problem, rule, weight_decay=0.01, n_steps=17, start=first)
        np.testing.assert_array_equal(parts.steps, whole.steps)
        np.testing.assert_array_equal(parts.train_loss, whole.train_loss)
        np.testing.assert_array_equal(parts.weights, whole.weights)

    def test_the_parameters_of_a_run_can_be_kept(self, tmp_path):
        problem = labelled(known(np.random.default_rng(34), 6, 9, 6).problem)
        ours = run(problem, RULES["logistic, batches, momentum"], **DEFAULTS, n_steps=3)
        ours.save(tmp_path / "run")
        assert gk.load_trajectory(tmp_path / "run").parameters == ours.parameters
        assert ours.parameters == {**DEFAULTS, **RULES["logistic, batches, momentum"]}


class TestLogistic:
    def test_it_ends_where_the_gradient_is_zero(self):
        problem = labelled(known(np.random.default_rng(35), 12, 8, 8).problem)
        ours = run(problem, dict(loss="logistic"), weight_decay=0.1, learning_rate=3, n_steps=2000)
        margins = problem.targets * (problem.features @ ours.weights)
        pull = problem.features.T @ (problem.targets / (1 + np.exp(margins))) / 12
        np.testing.assert_allclose(0.1 * ours.weights, pull, atol=1e-15)
        assert ours.train_loss[-1] == pytest.approx(np.mean(np.log1p(np.exp(-margins))), rel=1e-13)
        assert ours.test_loss[-1] == pytest.approx(problem.test_loss(ours.weights), rel=1e-12)

    def test_large_margins_neither_overflow_nor_vanish(self):
        """ln(1 + e^a) is a for a = 1000, and e^−1000 for a = −1000, which is 0 in floats."""
        problem = gk.realizable_problem([[1.0]], [1.0], [-1000.0], covariance=1.0)
        ours = run(problem, dict(loss="logistic"), weight_decay=0, learning_rate=2000, n_steps=1)
        np.testing.assert_array_equal(ours.train_loss, [1000, 0])
        np.testing.assert_array_equal(ours.weights, [1000])


class TestUnseenPart:
    """θ⊥(t) = Π (1 − η_s λ) θ⊥(0), for any loss, labels, batches and step sizes."""

    @examples(40)
    @given(
        seeds,
        powers(-4, -0.5),
        st.sampled_from(["squared", "logistic"]),
        st.integers(1, 12),
        st.sampled_from(FORMS),
    )
    def test_is_the_product(self, seed, weight_decay, loss, batch_size, form):
        rng = np.random.default_rng(seed)
        problem = labelled(known(rng, 12, 40, 9, label_noise=1.0).problem)
        sizes = rng.uniform(0, 0.5, 300)
        rule = dict(loss=loss, batch_size=batch_size)
        ours = run(problem, rule, weight_decay=weight_decay, schedule=sizes, n_steps=300, form=form)
        start = unseen_part(problem, problem.initial_weights)
        left = np.prod(1 - sizes * weight_decay) * start
        error = np.linalg.norm(unseen_part(problem, ours.weights) - left)
        assert error <= 1e-12 * np.linalg.norm(start)

    @examples(30)
    @given(seeds, powers(-4, -0.5), st.floats(0, 0.99), st.sampled_from(FORMS))
    def test_with_momentum_is_the_recursion(self, seed, weight_decay, momentum, form):
        rng = np.random.default_rng(seed)
        problem = known(rng, 12, 40, 9, label_noise=1.0).problem
        ours = run(
            problem,
            dict(momentum=momentum),
            weight_decay=weight_decay,
            learning_rate=0.5,
            n_steps=300,
            form=form,
        )
        step = np.array([[1 - 0.5 * weight_decay, -0.5 * momentum], [weight_decay, momentum]])
        share = (np.linalg.matrix_power(step, 300) @ [1, 0])[0]
        start = unseen_part(problem, problem.initial_weights)
        error = np.linalg.norm(unseen_part(problem, ours.weights) - share * start)
        assert error <= 1e-12 * np.linalg.norm(start)

    @pytest.mark.parametrize("optimizer", ["adam", "adamw"])
    def test_adam_moves_it_without_weight_decay(self, at_defaults, optimizer):
        settings = dict(weight_decay=0, learning_rate=0.01, n_steps=100)
        ours = run(at_defaults, dict(optimizer=optimizer), **settings)
        start = unseen_part(at_defaults, at_defaults.initial_weights)
        moved = np.linalg.norm(unseen_part(at_defaults, ours.weights) - start)
        assert moved > 0.1 * np.linalg.norm(ours.weights - at_defaults.initial_weights)


class TestForgettingTime:
    """t2 to the step, where the seen part is at rest by then."""

    @pytest.mark.parametrize("seed", [0, 1])
    @pytest.mark.parametrize("batch_size", [1, 10, 100])
    def test_of_batches(self, batch_size, seed):
        problem = gk.gaussian_problem(rng=np.random.default_rng(seed))
        ours = run(problem, dict(batch_size=batch_size), **DEFAULTS, n_steps=25_000)
        expected = gk.theory.forgetting_time(problem, **DEFAULTS)
        assert gk.grokking_times(ours).generalize_step == expected

    @pytest.mark.parametrize("batch_size", [10, 100])
    def test_of_step_sizes_that_fall(self, at_defaults, batch_size):
        sizes = 1 / np.sqrt(1 + np.arange(40_000) / 10_000)
        ours = run(
            at_defaults,
            dict(batch_size=batch_size),
            weight_decay=1e-4,
            schedule=sizes,
            n_steps=40_000,
        )
        setting = dict(weight_decay=1e-4, learning_rate=sizes)
        expected = gk.theory.forgetting_time(at_defaults, **setting)
        assert gk.grokking_times(ours).generalize_step == expected
        assert (
            gk.theory.forgetting_time(
                at_defaults, weight_decay=1e-4, learning_rate=sizes[:expected]
            )
            == expected
        )
        assert (
            gk.theory.forgetting_time(
                at_defaults, weight_decay=1e-4, learning_rate=sizes[: expected - 1]
            )
            == math.inf
        )

    @pytest.mark.parametrize("momentum", [0.5, 0.9, 0.95, (1 - 0.01) ** 2])
    def test_of_heavy_ball(self, at_defaults, momentum):
        """The last is the double root, the smallest β with which the unseen part oscillates."""
        ours = run(at_defaults, dict(momentum=momentum), **DEFAULTS, n_steps=13_000)
        expected = gk.theory.forgetting_time(at_defaults, **DEFAULTS, momentum=momentum)
        assert gk.grokking_times(ours).generalize_step == expected

    @examples(40)
    @given(
        seeds,
        powers(-3, -1),
        st.floats(0, 0.95),
        st.floats(0.05, 0.9),
        st.sampled_from(["full", "data"]),
    )
    def test_is_the_first_step_of_the_sum_of_a_form_and_a_floor(
        self, seed, weight_decay, momentum, level, kind
    ):
        """With any covariance or test rows, and any seen weights: the losses of the weights."""
        rng = np.random.default_rng(seed)
        problem = data_problem()
        if kind == "full":
            problem = known(rng, 5, 20, 4, kind="full", label_noise=1.0).problem
        seen = rng.standard_normal(problem.n_features)
        rest, unseen = (
            seen - unseen_part(problem, seen),
            unseen_part(problem, problem.initial_weights),
        )
        shares = [1.0]
        move = 0.0
        for _ in range(3000):
            move = momentum * move + weight_decay * shares[-1]
            shares.append(shares[-1] - 0.5 * move)
        losses = np.array([problem.test_loss(rest + share * unseen) for share in shares])
        threshold = losses[-1] + level * (losses[0] - losses[-1])
        assume(threshold > 0 and abs(losses - threshold).min() > 1e-12)
        expected = naive.first_at_most(losses, threshold)
        setting = dict(
            weight_decay=weight_decay,
            momentum=momentum,
            test_threshold=threshold,
            seen_weights=seen,
        )
        for eta in (0.5, np.full(3000, 0.5)):
            found = gk.theory.forgetting_time(problem, learning_rate=eta, **setting)
            assert found == (math.inf if expected is None else expected)

    def test_never_and_at_once(self, at_defaults):
        time = gk.theory.forgetting_time
        assert time(at_defaults, weight_decay=0, learning_rate=1.0) == math.inf
        assert time(at_defaults, **DEFAULTS, test_threshold=1e-6) == math.inf
        assert time(at_defaults, **DEFAULTS, test_threshold=10) == 0

    def test_takes_no_loop_over_a_trillion_steps(self, at_defaults):
        run = dict(weight_decay=1e-13, learning_rate=1.0)
        exact = gk.exact_grokking_times(at_defaults, **run).generalize_step
        assert gk.theory.forgetting_time(at_defaults, **run) == pytest.approx(exact, rel=1e-9)
        with_momentum = gk.theory.forgetting_time(at_defaults, **run, momentum=0.9)
        assert with_momentum == pytest.approx(exact / 10, rel=1e-9)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(momentum=1), ["momentum=1", "below 1"]),
            (dict(learning_rate=[-1.0, 1.0]), ["learning_rate", "0 or more"]),
            (dict(learning_rate=[]), ["learning_rate", "pass some"]),
            (dict(learning_rate=1e5), ["learning_rate=100000", "weight_decay"]),
            (dict(seen_weights=[1.0]), ["seen_weights has shape (1,)"]),
        ],
    )
    def test_bad_input(self, at_defaults, change, words):
        with pytest.raises(ValueError) as error:
            gk.theory.forgetting_time(at_defaults, **{**DEFAULTS, **change})
        assert all(word in str(error.value) for word in words)


class TestPublishedTimes:
    """Adaptive steps on the draw of the chapters: AdamW keeps the clock, Adam with L2 loses it."""

    @pytest.mark.parametrize(
        ("optimizer", "learning_rate", "weight_decay", "n_steps", "t2"),
        [("adamw", 0.01, 0.01, 24_000, 23_595), ("adam", 1e-3, 1e-2, 3000, 2868)],
    )
    def test_of_adam(self, at_defaults, optimizer, learning_rate, weight_decay, n_steps, t2):
        setting = dict(learning_rate=learning_rate, weight_decay=weight_decay, n_steps=n_steps)
        ours = run(at_defaults, dict(optimizer=optimizer), **setting)
        assert gk.grokking_times(ours).generalize_step == t2


class TestStability:
    """Heavy ball converges for η(λ + s) < 2(1 + β) for every curvature s."""

    def test_at_the_limit(self):
        answer = known(np.random.default_rng(20), 6, 9, 5, label_noise=0.1)
        limit = 2 * 1.9 / (0.1 + answer.singular[-1] ** 2 / 6)
        setting = dict(weight_decay=0.1, momentum=0.9, n_steps=4000)
        ours = gk.train_ridge(answer.problem, learning_rate=limit * 0.99, **setting)
        np.testing.assert_allclose(ours.weights, answer.ridge_solution(0.1), atol=1e-13)
        beyond = dict(learning_rate=limit * (1 + 1e-9), **setting)
        with pytest.raises(ValueError, match=f"= {limit:.4g}: pass a smaller one"):
            gk.train_ridge(answer.problem, **beyond)
        grown = gk.train_ridge(
            answer.problem, learning_rate=1.1 * limit, **setting, allow_unstable=True
        )
        assert grown.diverged

    @pytest.mark.parametrize("form", FORMS)
    def test_a_schedule_may_diverge(self, form):
        problem = known(np.random.default_rng(17), 6, 9, 5).problem
        ours = gk.train_ridge(
            problem, weight_decay=0, schedule=np.full(5000, 50.0), n_steps=5000, form=form
        )
        assert ours.diverged and ours.divergence_step < 5000
        assert np.isfinite(ours.train_loss[:-1] + ours.test_loss[:-1]).all()


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(optimizer="sgd"), ["optimizer='sgd'", "'gradient descent'"]),
            (dict(loss="hinge"), ["loss='hinge'", "'squared' or 'logistic'"]),
            (dict(loss="logistic"), ["loss='logistic'", "problem.targets", "numpy.sign"]),
            (dict(momentum=1.0), ["momentum=1.0", "below 1"]),
            (dict(momentum=0.9, optimizer="adam"), ["momentum=0.9", "optimizer='adam'"]),
            (dict(batch_size=0), ["batch_size=0", "at least 1"]),
            (dict(batch_size=4), ["batch_size=4", "3 samples"]),
            (dict(batch_size=2), ["batch_size=2", "rng", "default_rng"]),
            (dict(batch_size=2, rng=7), ["rng=7", "default_rng"]),
            (dict(learning_rate=None), ["learning_rate and schedule", "neither"]),
            (dict(schedule=np.ones(5)), ["learning_rate and schedule", "both"]),
            (dict(learning_rate=None, schedule=np.ones(4)), ["schedule has shape (4,)", "(5,)"]),
            (dict(learning_rate=None, schedule=-np.ones(5)), ["schedule", "0 or more"]),
            (dict(learning_rate=None, schedule=200 * np.ones(5)), ["learning_rate=200", "erase"]),
            (dict(learning_rate=None, schedule=math.exp), ["schedule", "array of steps"]),
            (dict(learning_rate=None, schedule=lambda s: 1 if s < 2 else 0), ["array of steps"]),
            (
                dict(learning_rate=None, schedule=np.ones(5), n_steps=5, weight_decay=-1),
                ["weight_decay=-1"],
            ),
            (dict(optimizer="adam", form="dual"), ["optimizer='adam'", "form='dual'"]),
        ],
    )
    def test_message_names_argument_value_and_remedy(self, change, words):
        problem = gk.gaussian_problem(n_samples=3, n_features=5, rng=np.random.default_rng(0))
        arguments = dict(weight_decay=0.01, learning_rate=1.0, n_steps=5)
        with pytest.raises(ValueError) as error:
            gk.train_ridge(problem, **{**arguments, **change})
        assert all(word in str(error.value) for word in words), str(error.value)

    def test_adam_needs_an_explicit_covariance(self):
        problem = gk.relu_feature_problem(
            n_samples=4, n_features=6, input_dim=3, rng=np.random.default_rng(0)
        )
        with pytest.raises(ValueError, match="explicit Σ"):
            gk.train_ridge(problem, **DEFAULTS, n_steps=5, optimizer="adamw")

    @pytest.mark.parametrize(
        ("rule", "other", "word"),
        [
            ("momentum", {}, "momentum=0.9"),
            ("batches", {}, "batch_size=4"),
            ("adam", {}, "optimizer='adam'"),
            ("logistic", dict(loss="squared"), "loss='squared', but start ran with 'logistic'"),
        ],
    )
    def test_what_cannot_be_continued(self, rule, other, word):
        problem = labelled(known(np.random.default_rng(36), 6, 9, 6).problem)
        first = run(problem, RULES[rule], **DEFAULTS, n_steps=5)
        with pytest.raises(ValueError, match=word) as error:
            run(problem, {**RULES[rule], **other}, **DEFAULTS, n_steps=5, start=first)
        assert "started_at" in str(error.value)
