"""Your own data: the mean squared error on test rows in place of a population, step by step."""

import pickle
import tracemalloc
from dataclasses import replace

import naive
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from draws import examples, orthonormal, seeds
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge

import grokedu as gk
from grokedu.grokking import Why

RUN = dict(weight_decay=0.02, learning_rate=0.9)
FORMS = ("primal", "dual")
# (n, m, p)
SHAPES = {
    "wide": (12, 40, 30),
    "wide, few test rows": (12, 40, 5),
    "tall": (30, 12, 20),
    "one test row": (6, 9, 1),
    "one sample": (1, 9, 4),
    "one feature": (9, 1, 4),
}


def draw(n=12, m=40, p=30, *, seed=0, init_variance=25.0, condition=None):
    """Two classes that overlap. With `condition`, σ_max/σ_min of the training features."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(m) / np.sqrt(m)
    rows = rng.standard_normal((n + p, m)) / np.sqrt(m)
    labels = np.where(rows @ direction + 0.05 * rng.standard_normal(n + p) > 0, 1.0, -1.0)
    features = rows[:n]
    if condition is not None:
        singular = np.geomspace(1, 1 / condition, min(n, m)) * np.sqrt(n)
        features = orthonormal(rng, n, min(n, m)) * singular @ orthonormal(rng, m, min(n, m)).T
    return gk.data_problem(
        features,
        labels[:n],
        test_features=rows[n:],
        test_targets=labels[n:],
        init_variance=init_variance,
        rng=rng,
    )


def descent(problem, weight_decay, learning_rate, n_steps):
    """The weights at the steps 0 … n_steps, by a plain loop."""
    weights = [problem.initial_weights]
    for _ in range(n_steps):
        residual = problem.features @ weights[-1] - problem.targets
        gradient = problem.features.T @ residual / problem.n_samples + weight_decay * weights[-1]
        weights.append(weights[-1] - learning_rate * gradient)
    return np.array(weights)


def accuracy(outputs, labels):
    return np.mean(outputs * labels > 0, axis=1)


class TestGradientDescent:
    @pytest.mark.parametrize("form", FORMS)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_kernels_equal_the_plain_loop(self, kernels, shape, form):
        problem = draw(*SHAPES[shape])
        n_steps = 600 if kernels == "compiled" else 40
        run = gk.train_ridge(problem, **RUN, n_steps=n_steps, form=form)
        train_loss, test_loss, weights = naive.ridge_primal(problem, *RUN.values(), n_steps)
        np.testing.assert_allclose(run.train_loss, train_loss, rtol=1e-12, atol=0)
        np.testing.assert_allclose(run.test_loss, test_loss, rtol=1e-12, atol=0)
        np.testing.assert_allclose(run.weights, weights, rtol=0, atol=1e-13 * abs(weights).max())

    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_closed_form_equals_the_plain_loop(self, shape):
        problem = draw(*SHAPES[shape])
        exact = gk.exact_ridge(problem, **RUN, steps=np.arange(600))
        train_loss, test_loss, weights = naive.ridge_primal(problem, *RUN.values(), 599)
        np.testing.assert_allclose(exact.train_loss, train_loss, rtol=1e-12, atol=0)
        np.testing.assert_allclose(exact.test_loss, test_loss, rtol=1e-12, atol=0)
        np.testing.assert_allclose(exact.weights, weights, rtol=0, atol=1e-13 * abs(weights).max())

    def test_ill_conditioned_features_and_a_large_start_cost_no_digits(self):
        """s_max/s_min = 10¹⁰, ν² = 10⁶: the loss falls by 10⁶ and its ratio to the loop stays 1."""
        problem = draw(20, 60, 50, init_variance=1e6, condition=1e5)
        run = dict(weight_decay=1e-3, learning_rate=1.0)
        train_loss, test_loss, _ = naive.ridge_primal(problem, *run.values(), 20_000)
        assert test_loss[0] > 1e5 * test_loss[-1]
        steps = np.arange(20_001)
        for ours in (
            gk.exact_ridge(problem, **run, steps=steps),
            *(gk.train_ridge(problem, **run, n_steps=20_000, form=form) for form in FORMS),
        ):
            np.testing.assert_allclose(ours.train_loss, train_loss, rtol=1e-9, atol=0)
            np.testing.assert_allclose(ours.test_loss, test_loss, rtol=1e-9, atol=0)

    def test_a_small_loss_on_large_labels_keeps_its_digits(self):
        """Labels that are linear in the features: a loss of 10⁻⁹ is no difference of ones."""
        rng = np.random.default_rng(5)
        rows = rng.standard_normal((50, 10))
        labels = rows @ rng.standard_normal(10)
        problem = gk.data_problem(
            rows[:30],
            labels[:30],
            test_features=rows[30:],
            test_targets=labels[30:],
            initial_weights=np.zeros(10),
        )
        run = dict(weight_decay=1e-5, learning_rate=0.5)
        train_loss, test_loss, _ = naive.ridge_primal(problem, *run.values(), 500)
        assert test_loss[-1] < 1e-8
        for ours in (
            gk.exact_ridge(problem, **run, steps=np.arange(501)),
            *(gk.train_ridge(problem, **run, n_steps=500, form=form) for form in FORMS),
        ):
            np.testing.assert_allclose(ours.train_loss, train_loss, rtol=1e-9, atol=0)
            np.testing.assert_allclose(ours.test_loss, test_loss, rtol=1e-9, atol=0)

    @examples(30)
    @given(seeds, st.sampled_from(list(SHAPES)), st.floats(0.3, 0.9), st.floats(0.2, 3.0))
    def test_t1_and_t2_are_those_of_the_plain_loop(self, seed, shape, rate, share):
        problem = draw(*SHAPES[shape], seed=seed)
        run = dict(weight_decay=0.02, learning_rate=rate / max(problem.max_curvature, 0.1))
        train_loss, test_loss, _ = naive.ridge_primal(problem, *run.values(), 2000)
        epsilon, c = 1.001 * train_loss[-1] + 1e-3 * share, share * np.median(test_loss)
        times = gk.exact_grokking_times(problem, **run, train_threshold=epsilon, test_threshold=c)
        assert times.overfit_step == naive.last_at_least(train_loss, epsilon)
        found = naive.first_at_most(test_loss, c)
        assert times.generalize_step == found or (found is None and times.generalize_step > 2000)


class TestEnd:
    """scikit-learn's Ridge minimizes ‖Φθ − y‖² + α‖θ‖², so α = nλ."""

    @pytest.mark.parametrize("weight_decay", [1e-2, 1e-6])
    @pytest.mark.parametrize("condition", [None, 1e3, 1e8])
    @pytest.mark.parametrize(("n", "m"), [(15, 40), (40, 15)])
    def test_the_run_ends_at_ridge_of_scikit_learn(self, n, m, condition, weight_decay):
        problem = draw(n, m, 20, condition=condition)
        ridge = Ridge(alpha=n * weight_decay, fit_intercept=False, solver="svd")
        expected = ridge.fit(problem.features, problem.targets).coef_
        end = gk.exact_ridge(problem, weight_decay=weight_decay, learning_rate=0.5, steps=[10**11])
        solution = gk.ridge_solution(problem, weight_decay=weight_decay)
        for weights in (end.weights, solution):
            np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-10 * abs(expected).max())
        error = problem.test_features @ expected - problem.test_targets
        assert end.test_loss[0] == pytest.approx(np.mean(error**2), rel=1e-10)


class TestPopulation:
    def test_the_loss_is_the_mean_squared_error_on_the_test_rows(self):
        """Also as the form δᵀΣδ − 2⟨E φR, δ⟩ + E R² that any `RidgeProblem` has."""
        problem = draw()
        rows, labels = problem.test_features, problem.test_targets
        for weights in np.random.default_rng(1).standard_normal((5, problem.n_features)):
            expected = np.mean((rows @ weights - labels) ** 2)
            assert problem.test_loss(weights) == pytest.approx(expected, rel=1e-14)
            form = gk.RidgeProblem.test_loss(problem, weights)
            assert form == pytest.approx(expected, rel=1e-13)

    @pytest.mark.parametrize("p", [5, 100])
    def test_smallest_eigenvalue(self, p):
        problem = draw(12, 40, p)
        matrix = problem.test_features.T @ problem.test_features / p
        smallest = np.linalg.eigvalsh(matrix)[0]
        assert problem.smallest_population_eigenvalue == pytest.approx(smallest, abs=1e-15)

    def test_nothing_of_the_size_of_the_covariance_is_stored(self):
        tracemalloc.start()
        try:
            problem = draw(10, 5000, 20)
            gk.exact_grokking_times(problem, **RUN)
            gk.exact_outputs(problem, problem.test_features, **RUN, steps=[0, 9])
            for form in FORMS:
                gk.train_ridge(problem, **RUN, n_steps=2, form=form)
            gk.theory.conditions(problem, **RUN)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 8 * 5000**2 / 10

    def test_a_pickle_keeps_everything_and_shares_the_rows(self):
        problem = draw()
        copy = pickle.loads(pickle.dumps(problem))
        assert copy.covariance.rows is copy.test_features
        assert not copy.test_features.flags.writeable
        steps = [0, 10, 1000]
        ours, theirs = (gk.exact_ridge(p, **RUN, steps=steps) for p in (copy, problem))
        np.testing.assert_array_equal(ours.test_loss, theirs.test_loss)

    def test_a_changed_copy_has_the_population_of_its_rows(self):
        problem = draw()
        fewer = replace(
            problem, test_features=problem.test_features[:7], test_targets=-problem.test_targets[:7]
        )
        weights = np.random.default_rng(1).standard_normal(problem.n_features)
        form = gk.RidgeProblem.test_loss(fewer, weights)
        assert fewer.test_loss(weights) == pytest.approx(form, rel=1e-13)

    def test_another_start_of_the_same_draw(self):
        problem = draw(init_variance=1.0)
        weights = 2 * problem.initial_weights
        np.testing.assert_array_equal(problem.rescaled(init_variance=4).initial_weights, weights)
        moved = problem.started_at(weights)
        np.testing.assert_array_equal(moved.initial_weights, weights)
        assert moved.init_variance is None

    def test_a_sweep_over_draws(self):
        table = gk.sweep(
            problem=lambda init_variance, rng: draw(
                seed=int(rng.integers(10**6)), init_variance=init_variance
            ),
            init_variance=[1.0, 100.0],
            weight_decay=0.02,
            train_threshold=0.2,
            test_threshold=1.5,
            n_seeds=3,
            n_jobs=1,
            progress=False,
        )
        assert len(table) == 6 and table.generalize_step.notna().all()


class TestOutputs:
    def test_they_are_those_of_the_weights_at_each_step(self):
        steps = [0, 1, 7, 300]
        rows = np.random.default_rng(3).standard_normal((4, 30))
        known = gk.gaussian_problem(n_samples=9, n_features=30, rng=np.random.default_rng(2))
        for problem in (draw(9, 30), known):
            weights = descent(problem, *RUN.values(), 300)[steps]
            for features in (rows, problem.features):
                outputs = gk.exact_outputs(problem, features, **RUN, steps=steps)
                np.testing.assert_allclose(outputs, weights @ features.T, rtol=0, atol=1e-11)

    def test_other_features_are_refused(self):
        with pytest.raises(ValueError, match="features has 3 columns, those of the problem 40"):
            gk.exact_outputs(draw(), np.ones((2, 3)), **RUN, steps=[0])


class TestAccuracyTimes:
    @examples(40)
    @given(
        seeds,
        st.sampled_from(list(SHAPES)),
        st.floats(0.2, 1.9),
        st.floats(0.5, 1),
        st.floats(0.5, 1),
    )
    def test_they_are_those_of_the_plain_loop(self, seed, shape, rate, train_level, test_level):
        """Also for η s > 1, where outputs alternate, and accuracies that rise and fall."""
        problem = draw(*SHAPES[shape], seed=seed)
        run = dict(weight_decay=0.02, learning_rate=rate / (problem.max_curvature + 0.02))
        weights = descent(problem, *run.values(), 3000)
        train = accuracy(weights @ problem.features.T, problem.targets)
        test = accuracy(weights @ problem.test_features.T, problem.test_targets)
        times = gk.accuracy_times(problem, **run, train_level=train_level, test_level=test_level)
        below = np.flatnonzero(train < train_level)
        settles = train[-1] >= train_level
        assert times.overfit_step == (below[-1] if below.size and settles else None)
        reached = np.flatnonzero(test >= test_level)
        assert times.generalize_step == (reached[0] if reached.size else None)
        assert len(times.reasons) == (times.overfit_step is None) + (times.generalize_step is None)

    def test_a_step_known_in_closed_form(self):
        """θ_1 → 1/(1 + λ) from −9: 1 − 10(1 − η)^t changes sign as (1 − η)^t passes 1/10."""
        problem = gk.data_problem(
            [[1.0]], [1.0], test_features=[[1.0]], test_targets=[1], initial_weights=[-9.0]
        )
        for learning_rate in (0.5, 1e-3, 1e-9):
            times = gk.accuracy_times(problem, weight_decay=0, learning_rate=learning_rate)
            crossing = np.log(0.1) / np.log1p(-learning_rate)
            assert times.overfit_step == np.floor(crossing)
            assert times.generalize_step == np.ceil(crossing)

    @pytest.mark.parametrize("level", [0.07, 0.29, 0.57, 0.95, 1.0])
    def test_a_level_is_reached_as_numpy_compares_it(self, level):
        """0.07 · 100 is 7.000000000000001, yet 7 of 100 rows are a share of 0.07."""
        wrong = round(100 * (1 - level))
        labels = np.where(np.arange(100) < wrong, -1.0, 1.0)
        problem = gk.data_problem(
            [[1.0]], [1], test_features=np.ones((100, 1)), test_targets=labels, initial_weights=[1]
        )
        run = dict(weight_decay=0.1, learning_rate=0.5)
        assert gk.accuracy_times(problem, **run, test_level=level).generalize_step == 0
        more = np.nextafter(level, 2)
        if more <= 1:
            assert gk.accuracy_times(problem, **run, test_level=more).generalize_step is None

    def test_reasons(self):
        problem = gk.data_problem(
            [[1.0], [1.0]], [1, -1], test_features=[[1.0]], test_targets=[-1], initial_weights=[5]
        )
        biased = replace(problem, targets=[1, 1])
        run = dict(weight_decay=0.1, learning_rate=0.5)
        never = gk.accuracy_times(problem, **run)
        assert never.reasons[0].kind == Why.TRAIN_ACCURACY_NEVER_SETTLES
        times = gk.accuracy_times(biased, **run)
        assert times.overfit_step is None and times.generalize_step is None
        start, reached = times.reasons
        assert start.kind == Why.TRAIN_ACCURATE_FROM_THE_START
        assert (reached.kind, reached.value) == (Why.TEST_ACCURACY_NEVER_REACHED, 0.0)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(test_level=0), ["test_level=0", "above 0"]),
            (dict(train_level=1.01), ["train_level=1.01", "at most 1"]),
            (dict(test_level=95), ["test_level=95", "at most 1"]),
        ],
    )
    def test_levels_that_are_no_shares(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.accuracy_times(draw(), **RUN, **change)
        assert all(word in str(error.value) for word in words)

    def test_labels_without_a_sign(self):
        problem = draw()
        with pytest.raises(ValueError, match=r"targets contains 0.*2 \* y - 1"):
            gk.accuracy_times(replace(problem, targets=problem.targets > 0), **RUN)

    def test_a_problem_without_test_rows(self):
        problem = gk.gaussian_problem(n_samples=2, n_features=3, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match="no test rows: make it with data_problem"):
            gk.accuracy_times(problem, **RUN)


class TestDigits:
    """Even against odd digits: grokking that learns."""

    @pytest.fixture
    def problem(self):
        pixels, digits = load_digits(return_X_y=True)
        pixels = pixels - pixels.mean(axis=0)
        pixels /= np.linalg.norm(pixels, axis=1, keepdims=True)
        labels = np.where(digits % 2 == 0, 1.0, -1.0)
        rng = np.random.default_rng(0)
        order = rng.permutation(len(pixels))
        features = gk.relu_features(pixels, n_features=3000, rng=rng)
        train, test = order[:200], order[200:]
        return gk.data_problem(
            features(pixels[train]),
            labels[train],
            test_features=features(pixels[test]),
            test_targets=labels[test],
            init_variance=400,
            rng=rng,
        )

    def test_the_training_images_are_learned_long_before_the_others(self, problem):
        run = dict(weight_decay=1e-6, learning_rate=1.5 / problem.max_curvature)
        times = gk.accuracy_times(problem, **run, test_level=0.94)
        assert times.generalize_step > 50 * times.overfit_step
        steps = [times.overfit_step, 10 * times.overfit_step, 10**7]
        outputs = gk.exact_outputs(problem, problem.test_features, **run, steps=steps)
        start, waiting, end = accuracy(outputs, problem.test_targets)
        assert start < 0.6 and waiting < 0.6 and end >= 0.94


PEOPLE_HAVE = {
    "lists": lambda x: x.tolist(),
    "tuples": lambda x: tuple(map(tuple, x)) if x.ndim == 2 else tuple(x),
    "pandas": lambda x: pd.DataFrame(x) if x.ndim == 2 else pd.Series(x, index=x.argsort()),
    "nullable numbers": lambda x: (
        pd.DataFrame(x).astype("Int64") if x.ndim == 2 else pd.Series(x, dtype="Int64")
    ),
    "float32": lambda x: x.astype(np.float32),
    "integers": lambda x: x.astype(np.int8),
    "big-endian": lambda x: x.astype(">f8"),
    "read-only": lambda x: np.frombuffer(x.tobytes()).reshape(x.shape),
    "columns first": np.asfortranarray,
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
}


class TestInputsAsPeopleHaveThem:
    @pytest.fixture
    def arrays(self):
        rng = np.random.default_rng(4)
        return {
            "features": rng.integers(-9, 9, (6, 8)).astype(float),
            "targets": rng.integers(-9, 9, 6).astype(float),
            "test_features": rng.integers(-9, 9, (5, 8)).astype(float),
            "test_targets": rng.integers(-9, 9, 5).astype(float),
            "initial_weights": rng.integers(-9, 9, 8).astype(float),
        }

    def assert_equal(self, problem, arrays):
        for name, array in arrays.items():
            kept = getattr(problem, name)
            np.testing.assert_array_equal(kept, array)
            assert kept.dtype == np.float64 and kept.flags.c_contiguous
            assert not kept.flags.writeable

    @pytest.mark.parametrize("kind", PEOPLE_HAVE)
    def test_all_of_them_are_the_same_problem(self, arrays, kind):
        given = {name: PEOPLE_HAVE[kind](array) for name, array in arrays.items()}
        problem = gk.data_problem(**given)
        self.assert_equal(problem, arrays)
        gk.train_ridge(problem, weight_decay=1e-3, learning_rate=1e-3, n_steps=2)

    def test_memory_mapped(self, arrays, tmp_path):
        for name, array in arrays.items():
            np.save(tmp_path / name, array)
        given = {name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in arrays}
        self.assert_equal(gk.data_problem(**given), arrays)

    def test_what_the_caller_does_later_does_not_matter(self, arrays):
        problem = gk.data_problem(**arrays)
        before = {name: array.copy() for name, array in arrays.items()}
        for array in arrays.values():
            array[...] = 0
        self.assert_equal(problem, before)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda a: dict(features=a["features"][:, 0]), ["features has shape (6,)"]),
            (lambda a: dict(features=np.ones((0, 8))), ["features has shape (0, 8)"]),
            (lambda a: dict(test_features=np.ones((0, 8))), ["test_features has shape (0, 8)"]),
            (
                lambda a: dict(test_features=np.ones((5, 7))),
                ["test_features has 7", "features has 8"],
            ),
            (
                lambda a: dict(features=scipy.sparse.csr_array(a["features"])),
                ["features is a sparse", "features.toarray()"],
            ),
            (
                lambda a: dict(test_features=scipy.sparse.csr_array(a["test_features"])),
                ["test_features is a sparse", "test_features.toarray()"],
            ),
            (
                lambda a: dict(targets=a["targets"][:, None]),
                ["targets has shape (6, 1)", "numpy.ravel(targets)"],
            ),
            (
                lambda a: dict(test_targets=pd.DataFrame(a["test_targets"])),
                ["test_targets has shape (5, 1)", "numpy.ravel(test_targets)"],
            ),
            (
                lambda a: dict(targets=np.ones((6, 2))),
                ["targets has shape (6, 2)", "one column at a time"],
            ),
            (lambda a: dict(targets=a["targets"][1:]), ["targets has shape (5,), expected (6,)"]),
            (
                lambda a: dict(targets=pd.Series([1, 2, 3, None, 5, 6], dtype="Int64")),
                ["targets", "remove or replace"],
            ),
            (
                lambda a: dict(
                    features=pd.DataFrame(a["features"])
                    .astype("Int64")
                    .assign(new=pd.array([True] * 5 + [None], dtype="boolean"))
                ),
                ["features has missing values", "remove or replace"],
            ),
            (
                lambda a: dict(features=np.where(a["features"] == 0, np.nan, a["features"])),
                ["features contains NaN", "remove or replace"],
            ),
            (lambda a: dict(targets=["cat"] * 6), ["targets is not an array of numbers"]),
            (
                lambda a: dict(test_features=1e200 * np.ones((5, 8))),
                ["test_features goes up to 1e+200", "rescale"],
            ),
            (
                lambda a: dict(
                    features=pd.DataFrame(a["features"], columns=list("abcdefgh")),
                    test_features=pd.DataFrame(a["test_features"], columns=list("bacdefgh")),
                ),
                ["test_features has other columns", "test_features[features.columns]"],
            ),
            (lambda a: dict(initial_weights=None), ["init_variance=None", "initial_weights"]),
            (
                lambda a: dict(initial_weights=None, init_variance=1.0),
                ["rng=None", "initial_weights"],
            ),
            (
                lambda a: dict(
                    initial_weights=None, init_variance=-1.0, rng=np.random.default_rng()
                ),
                ["init_variance=-1.0", "0 or more"],
            ),
            (
                lambda a: dict(initial_weights=None, init_variance=1.0, rng=3),
                ["rng=3", "default_rng"],
            ),
        ],
    )
    def test_a_message_names_the_argument_and_the_remedy(self, arrays, change, words):
        with pytest.raises(ValueError) as error:
            gk.data_problem(**{**arrays, **change(arrays)})
        assert all(word in str(error.value) for word in words)


class TestTheory:
    """Three answers: an assumption holds, fails, or cannot be known without a teacher."""

    @pytest.fixture
    def problem(self):
        return draw(12, 40, 100)

    def test_what_asks_for_the_teacher_cannot_be_known(self, problem):
        table = gk.theory.conditions(problem, **RUN)
        asks = table.assumption.str.contains("θ*", regex=False) | table.assumption.str.contains("R")
        assert asks.any()
        assert (table.unknown[asks] == "the teacher is not known").all()
        assert not table.holds[asks].any()
        assert table[["is", "limit"]][asks].isna().any(axis=1).all()

    def test_the_rest_is_checked_as_ever(self, problem):
        table = gk.theory.conditions(problem, **RUN)
        rest = table[table.unknown == ""]
        assert not rest[["is", "limit"]].isna().any(axis=None)
        assert {"η < 1/λ", "m ≥ n + 8c/(λmin(Σ) ν²)", "ηλ ≤ 1/2"} <= set(rest.assumption)

    @pytest.mark.parametrize("weight_decay", [0.0, 0.02])
    def test_a_bound_that_depends_on_the_teacher_is_not_a_number(self, problem, weight_decay):
        run = dict(weight_decay=weight_decay, learning_rate=0.9)
        assert np.isnan(gk.theory.theorem_4_5(problem, **run))
        bounds = gk.theory.grokking_bounds(problem, **run)
        assert np.isnan(bounds.generalize_step_at_least) and np.isnan(bounds.delay_at_least)
        assert bounds.overfit_step_at_most > 0
        solution = gk.theory.theorem_4_6(problem, weight_decay=weight_decay)
        end = gk.theory.final_loss_bound(problem, weight_decay=weight_decay)
        assert np.isnan([solution.samples_needed, solution.norm_at_most]).all()
        assert np.isnan([end.samples_needed, end.test_loss_at_most]).all()

    def test_a_singular_covariance_promises_nothing(self):
        """Fewer test rows than features: some unseen weights have no test loss either."""
        assert gk.theory.theorem_4_5(draw(12, 40, 30), **RUN) == -np.inf
