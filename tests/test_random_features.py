"""Random features: closed-form moments, a covariance that is never stored, and runs with both."""

import math
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import joblib
import naive
import numpy as np
import pytest

import grokedu as gk
from grokedu.grokking import Why
from grokedu.random_features import PairwiseCovariance, ReluMoments

RUN = dict(weight_decay=1e-3, learning_rate=1.0)
DRAWS = {"relu": gk.relu_feature_problem, "fourier": gk.fourier_feature_problem}
each_kind = pytest.mark.parametrize("kind", DRAWS)


def draw(kind, *, seed=0, **sizes):
    sizes = {"n_samples": 20, "n_features": 60, "input_dim": 5, **sizes}
    return DRAWS[kind](**sizes, rng=np.random.default_rng(seed))


def dense(problem):
    return problem.covariance @ np.eye(problem.n_features)


def relu_ingredients(*, n_samples, n_features, input_dim, init_variance=1.0, seed=0):
    """Inputs, hidden weights and teacher, drawn as `relu_feature_problem` says it draws them."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((n_samples, input_dim))
    hidden = rng.standard_normal((n_features, input_dim))
    hidden *= math.sqrt(init_variance / (input_dim * n_features))
    direction = rng.standard_normal(input_dim)
    direction /= np.linalg.norm(direction)

    def features(x):
        return np.maximum(x @ hidden.T, 0)

    def teacher(x):
        return np.maximum(x @ direction, 0)

    return inputs, features, teacher


def fourier_ingredients(*, n_samples, n_features, input_dim, frequency_variance=1.0, seed=0):
    """Inputs, features and teacher, drawn as `fourier_feature_problem` says it draws them."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((n_samples, input_dim))
    frequencies = math.sqrt(frequency_variance) * rng.standard_normal((n_features, input_dim))
    phases = rng.uniform(0, 2 * np.pi, n_features)
    frequency = math.sqrt(frequency_variance) * rng.standard_normal(input_dim)
    phase = rng.uniform(0, 2 * np.pi)

    def features(x):
        return math.sqrt(2 / n_features) * np.cos(x @ frequencies.T + phases)

    def teacher(x):
        return math.sqrt(2) * np.cos(x @ frequency + phase)

    return inputs, features, teacher


INGREDIENTS = {"relu": relu_ingredients, "fourier": fourier_ingredients}


def assert_within_standard_errors(exact, samples, number=5):
    """`samples` has the samples along its first axis; so many entries allow some larger errors."""
    error = samples.std(axis=0) / math.sqrt(len(samples))
    off = np.abs(samples.mean(axis=0) - exact) / np.maximum(error, 1e-15)
    assert off.max() < number
    if np.size(off) > 1:  # their mean square is 1 if the errors are what chance makes them
        assert 0.3 < np.mean(off**2) < 3


SIZES = dict(n_samples=7, n_features=8, input_dim=4)


@each_kind
class TestMoments:
    @pytest.fixture
    def population(self, kind):
        problem = draw(kind, **SIZES)
        _, features, teacher = INGREDIENTS[kind](**SIZES)
        x = np.random.default_rng(1).standard_normal((200_000, 4))
        return problem, features(x), teacher(x)

    def test_data_are_what_the_docstring_says(self, kind):
        problem = draw(kind, **SIZES)
        inputs, features, teacher = INGREDIENTS[kind](**SIZES)
        np.testing.assert_allclose(problem.features, features(inputs), rtol=0, atol=1e-15)
        np.testing.assert_allclose(problem.targets, teacher(inputs), rtol=0, atol=1e-15)
        assert not problem.teacher.any()
        assert problem.init_variance == 1.0

    def test_covariance_is_that_of_a_sample(self, kind, population):
        problem, features, _ = population
        products = features[:, :, None] * features[:, None, :]
        assert_within_standard_errors(dense(problem), products)

    def test_misfit_is_that_of_a_sample(self, kind, population):
        problem, features, teacher = population
        assert_within_standard_errors(problem.misfit_moment, features * teacher[:, None])
        assert_within_standard_errors(problem.misfit_power, teacher**2)

    def test_test_loss_is_that_of_a_sample(self, kind, population):
        problem, features, teacher = population
        weights = np.random.default_rng(2).standard_normal(problem.n_features)
        for theta in (weights, problem.initial_weights, np.zeros_like(weights)):
            assert_within_standard_errors(
                problem.test_loss(theta), (features @ theta - teacher) ** 2
            )


class TestKnownMoments:
    """Angles and frequencies at which the moments can be written down."""

    @pytest.mark.parametrize(
        "cosine, expected",
        [
            (1, 1 / 2),
            (0, 1 / (2 * np.pi)),
            (-1, 0),
            (1 / 2, (3**0.5 / 2 + np.pi / 3) / (2 * np.pi)),
        ],
    )
    def test_arc_cosine_formula(self, cosine, expected):
        u = np.array([[3.0, 0.0]])
        v = np.array([[2.0 * cosine, 2.0 * math.sqrt(1 - cosine**2)]])
        moments = ReluMoments(u, v)(slice(None), slice(None))
        assert moments.item() == pytest.approx(6 * expected, rel=1e-7, abs=1e-12)

    def test_a_neuron_without_weights_is_silent(self):
        problem = draw("relu", init_variance=0)
        assert not problem.features.any() and not dense(problem).any()
        assert problem.test_loss(problem.initial_weights) == 0.5

    def test_cosine_without_frequency_is_constant(self):
        problem = draw("fourier", frequency_variance=0)
        first = problem.features[0]
        np.testing.assert_allclose(problem.features, np.tile(first, (20, 1)), atol=1e-15)
        np.testing.assert_allclose(dense(problem), np.outer(first, first), atol=1e-15)
        assert problem.misfit_power == pytest.approx(problem.targets[0] ** 2, rel=1e-12)

    def test_zero_predictor(self):
        zero = np.zeros(60)
        assert draw("relu").test_loss(zero) == 0.5
        problem = draw("fourier", input_dim=50)  # there E cos(2w·x) is as good as zero
        assert problem.test_loss(zero) == pytest.approx(1, abs=1e-12)

    def test_the_expected_power_of_the_features(self):
        """tr Σ = Σ_j ‖w_j‖²/2 has mean ν²/2 for ReLUs, and is near 1 for cosines."""
        relu = draw("relu", n_features=400, input_dim=50, init_variance=3.0)
        assert np.trace(dense(relu)) == pytest.approx(3 / 2, rel=0.05)
        assert np.trace(dense(draw("fourier", n_features=400))) == pytest.approx(1, rel=0.01)


@each_kind
class TestPairwiseCovariance:
    """The operator against the whole matrix, which one block gives for small m."""

    @pytest.mark.parametrize("n_features", [1, 1023, 1024, 1025, 2100])
    def test_blocks_make_up_the_matrix(self, kind, n_features):
        covariance = draw(kind, n_features=n_features).covariance
        whole = covariance.moments(slice(None), slice(None))
        vectors = np.random.default_rng(3).standard_normal((n_features, 3))
        np.testing.assert_allclose(covariance @ vectors, whole @ vectors, rtol=0, atol=1e-12)
        np.testing.assert_allclose(covariance @ vectors[:, 0], (whole @ vectors)[:, 0], atol=1e-12)

    def test_symmetric_and_positive_semidefinite(self, kind):
        problem = draw(kind, n_features=200)
        sigma = dense(problem)
        np.testing.assert_allclose(sigma, sigma.T, rtol=0, atol=1e-16)
        smallest = np.linalg.eigvalsh(sigma)[0]
        assert smallest > -1e-15 * np.trace(sigma)
        assert problem.smallest_population_eigenvalue == pytest.approx(smallest, abs=1e-15)

    def test_the_smallest_eigenvalue_of_a_large_one_is_refused(self, kind):
        with pytest.raises(ValueError, match=r"n_features=10000: .* use at most 4096 features"):
            _ = draw(kind, n_features=10_000).smallest_population_eigenvalue

    def test_shape(self, kind):
        covariance = draw(kind).covariance
        assert isinstance(covariance, PairwiseCovariance)
        assert covariance.shape == (60, 60)

    def test_a_problem_goes_through_a_file_and_to_other_processes(self, kind, tmp_path):
        problem = draw(kind)
        joblib.dump(problem, tmp_path / "problem")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            elsewhere = pool.submit(gk.exact_grokking_times, problem, **RUN).result()
        for copy in (problem, joblib.load(tmp_path / "problem")):
            np.testing.assert_allclose(dense(copy), dense(problem), rtol=0, atol=1e-16)
            here = gk.exact_grokking_times(copy, **RUN)
            assert here.overfit_step == elsewhere.overfit_step

    def test_one_product_with_the_covariance_serves_every_run(self, kind, monkeypatch):
        problem = draw(kind)
        products = []
        monkeypatch.setattr(
            PairwiseCovariance,
            "__matmul__",
            lambda self, vectors: (
                products.append(1) or self.moments(slice(None), slice(None)) @ vectors
            ),
        )
        gk.exact_ridge(problem, **RUN, steps=[1])
        gk.exact_ridge(problem, weight_decay=0.1, learning_rate=0.5, steps=[1])
        gk.exact_grokking_times(problem, **RUN)
        assert len(products) == 1


def naive_run(problem, n_steps):
    """Plain gradient descent, and the test loss of an explicit Σ, g and τ."""
    sigma, g, tau = dense(problem), problem.misfit_moment, problem.misfit_power
    explicit = replace(problem, covariance=sigma)
    train_loss, _, weights = naive.ridge_primal(explicit, *RUN.values(), n_steps)
    theta, test_loss = problem.initial_weights, []
    for _ in range(n_steps + 1):
        test_loss.append(theta @ sigma @ theta - 2 * g @ theta + tau)
        residual = problem.features @ theta - problem.targets
        gradient = problem.features.T @ residual / problem.n_samples + 1e-3 * theta
        theta = theta - gradient
    return train_loss, np.array(test_loss), weights


@each_kind
class TestRuns:
    @pytest.mark.parametrize("label_noise", [0.0, 0.3])
    def test_gradient_descent_equals_the_naive_loop(self, kind, label_noise):
        problem = draw(kind, n_features=600, label_noise=label_noise)
        run = gk.train_ridge(problem, **RUN, n_steps=500)
        train_loss, test_loss, weights = naive_run(problem, 500)
        np.testing.assert_allclose(run.train_loss, train_loss, rtol=1e-10)
        np.testing.assert_allclose(run.test_loss, test_loss, rtol=1e-10)
        np.testing.assert_allclose(run.weights, weights, rtol=0, atol=1e-11)

    @pytest.mark.parametrize("label_noise", [0.0, 0.3])
    @pytest.mark.parametrize("n_samples, n_features", [(20, 600), (60, 30), (30, 30)])
    def test_gradient_descent_equals_closed_form(self, kind, label_noise, n_samples, n_features):
        problem = draw(kind, n_samples=n_samples, n_features=n_features, label_noise=label_noise)
        run = gk.train_ridge(problem, **RUN, n_steps=5000)
        exact = gk.exact_ridge(problem, **RUN, steps=run.steps)
        np.testing.assert_allclose(run.train_loss, exact.train_loss, rtol=1e-9)
        np.testing.assert_allclose(run.test_loss, exact.test_loss, rtol=1e-9)
        np.testing.assert_allclose(run.weights, exact.weights, rtol=0, atol=1e-9)

    def test_final_loss_is_that_of_the_ridge_solution(self, kind):
        problem = draw(kind, label_noise=0.3)
        end = gk.exact_ridge(problem, **RUN, steps=[10**9])
        solution = gk.ridge_solution(problem, weight_decay=RUN["weight_decay"])
        assert end.test_loss[0] == pytest.approx(problem.test_loss(solution), rel=1e-11)

    def test_no_weights_do_better_than_the_best(self, kind):
        problem = draw(kind)
        best = np.linalg.lstsq(dense(problem), problem.misfit_moment, rcond=None)[0]
        least = problem.test_loss(best)
        assert least > -1e-14
        run = gk.train_ridge(problem, **RUN, n_steps=3000)
        assert run.test_loss.min() > least

    def test_a_time_that_does_not_exist_has_a_reason(self, kind):
        problem = draw(kind, n_samples=5, input_dim=20)
        times = gk.exact_grokking_times(problem, **RUN)
        assert times.generalize_step is None
        assert times.reasons[-1].kind == Why.TEST_NEVER_REACHED

    def test_primal_form_is_refused(self, kind):
        with pytest.raises(ValueError, match="pass form='dual'"):
            gk.train_ridge(draw(kind), **RUN, n_steps=10, form="primal")

    def test_noise_changes_labels_and_nothing_else(self, kind):
        quiet, noisy = draw(kind), draw(kind, label_noise=0.3)
        np.testing.assert_array_equal(quiet.features, noisy.features)
        np.testing.assert_array_equal(quiet.initial_weights, noisy.initial_weights)
        assert 0.1 < np.std(noisy.targets - quiet.targets) < 0.6
        assert noisy.test_loss(noisy.initial_weights) == quiet.test_loss(quiet.initial_weights)


class TestScaledFeatures:
    """ν² is a start of variance ν² with learning rate ν²η and weight decay λ/ν²."""

    @pytest.mark.parametrize("variance", [0.25, 7.0])
    def test_two_meanings_of_the_variance(self, variance):
        scaled, plain = draw("relu", init_variance=variance), draw("relu")
        disguised = replace(plain, initial_weights=math.sqrt(variance) * plain.initial_weights)
        one = gk.train_ridge(scaled, weight_decay=1e-3, learning_rate=0.5, n_steps=2000)
        other = gk.train_ridge(
            disguised,
            weight_decay=1e-3 / variance,
            learning_rate=0.5 * variance,
            n_steps=2000,
        )
        np.testing.assert_allclose(one.train_loss, other.train_loss, rtol=1e-9)
        np.testing.assert_allclose(one.test_loss, other.test_loss, rtol=1e-9)


class TestPaperScale:
    """Figure 3 at m = 10⁴, d = n = 100, λ = 1e-5."""

    def test_levels_of_the_test_loss(self):
        """It ends near 0.203, which is what 100 samples leave; the zero predictor has 0.5."""
        problem = gk.relu_feature_problem(rng=np.random.default_rng(0))
        assert problem.features.shape == (100, 10_000)
        run = dict(weight_decay=1e-5, learning_rate=1.0)
        exact = gk.exact_ridge(problem, **run, steps=[0, 2000, 10**7])
        start = problem.initial_weights @ problem.population_products[:, -2]
        start += 0.5 - 2 * problem.misfit_moment @ problem.initial_weights
        assert exact.test_loss[0] == pytest.approx(start, rel=1e-10)
        assert exact.test_loss[2] == pytest.approx(0.203, rel=0.2)
        times = gk.exact_grokking_times(problem, **run)
        assert 500 < times.overfit_step < 800 and times.generalize_step is None

        descent = gk.train_ridge(problem, **run, n_steps=2000)
        assert descent.test_loss[-1] == pytest.approx(exact.test_loss[1], rel=1e-9)
        assert descent.train_loss[-1] == pytest.approx(exact.train_loss[1], rel=1e-9)


@each_kind
class TestBadInput:
    @pytest.mark.parametrize("name", ["n_samples", "n_features", "input_dim"])
    @pytest.mark.parametrize("value", [0, -1, 1.5, math.nan, "10", None])
    def test_counts(self, kind, name, value):
        with pytest.raises(ValueError, match=name):
            draw(kind, **{name: value})

    @pytest.mark.parametrize("value", [-1, math.nan, math.inf, "1"])
    def test_scales(self, kind, value):
        variance = {"relu": "init_variance", "fourier": "frequency_variance"}[kind]
        for name in (variance, "label_noise"):
            with pytest.raises(ValueError, match=name):
                draw(kind, **{name: value})

    @pytest.mark.parametrize("rng", [0, None, np.random])
    def test_generator(self, kind, rng):
        with pytest.raises(ValueError, match="default_rng"):
            DRAWS[kind](n_samples=3, n_features=3, input_dim=3, rng=rng)

    def test_more_features_than_memory(self, kind):
        draw_map = {"relu": gk.relu_features, "fourier": gk.fourier_features}[kind]
        with pytest.raises(ValueError, match=r"n_features=10{14} times input_dim=1 .* 800,000 GB"):
            draw_map([[1.0]], n_features=10**14, rng=np.random.default_rng(0))

    def test_unstable_learning_rate(self, kind):
        problem = draw(kind)
        limit = 2 / (1e-3 + problem.max_curvature)
        with pytest.raises(ValueError, match="stability limit"):
            gk.exact_ridge(problem, weight_decay=1e-3, learning_rate=1.01 * limit, steps=[1])

    def test_one_of_everything(self, kind):
        problem = draw(kind, n_samples=1, n_features=1, input_dim=1, seed=5)
        run = gk.train_ridge(problem, weight_decay=1e-3, learning_rate=0.1, n_steps=100)
        exact = gk.exact_ridge(problem, weight_decay=1e-3, learning_rate=0.1, steps=run.steps)
        np.testing.assert_allclose(run.test_loss, exact.test_loss, rtol=1e-9)


class TestFeatureMaps:
    """φ(x) = √(2/m) σ(Wx + b), drawn once and applied to any rows."""

    @pytest.fixture
    def inputs(self):
        return np.random.default_rng(5).standard_normal((7, 3)) / 2

    def test_relu(self, inputs):
        features = gk.relu_features(inputs, n_features=50, rng=np.random.default_rng(6))
        hidden = np.random.default_rng(6).standard_normal((50, 3))
        expected = math.sqrt(2 / 50) * np.maximum(inputs @ hidden.T, 0)
        np.testing.assert_allclose(features(inputs), expected, rtol=1e-14)

    def test_fourier(self, inputs):
        """Their inner products tend to the Gaussian kernel exp(−σ²‖x − x'‖²/2)."""
        features = gk.fourier_features(
            inputs, n_features=100_000, frequency_variance=2.0, rng=np.random.default_rng(7)
        )
        gram = features(inputs) @ features(inputs).T
        distances = np.sum((inputs[:, None] - inputs) ** 2, axis=2)
        np.testing.assert_allclose(gram, np.exp(-distances), atol=0.02)

    @pytest.mark.parametrize("kind", [gk.relu_features, gk.fourier_features])
    def test_each_row_by_itself_also_after_a_pickle(self, kind, inputs):
        features = kind(inputs, n_features=20, rng=np.random.default_rng(8))
        copy = pickle.loads(pickle.dumps(features))
        for row in inputs:
            np.testing.assert_allclose(copy([row])[0], features([row, row])[1], rtol=1e-13)

    @pytest.mark.parametrize("kind", [gk.relu_features, gk.fourier_features])
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(inputs=[1.0, 2.0]), "inputs has shape"),
            (dict(n_features=0), "n_features=0"),
            (dict(rng=7), "default_rng"),
        ],
    )
    def test_bad_input(self, kind, change, words):
        good = dict(inputs=np.ones((2, 3)), n_features=4, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match=words):
            kind(**{**good, **change})

    def test_rows_of_another_width(self, inputs):
        features = gk.relu_features(inputs, n_features=4, rng=np.random.default_rng(0))
        with pytest.raises(ValueError, match="inputs has 2 columns, the map was made for 3"):
            features(inputs[:, :2])
