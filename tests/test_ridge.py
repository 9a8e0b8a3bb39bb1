"""Problems: their losses are what they are defined to be, and bad input is turned away."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import joblib
import numpy as np
import pytest
import scipy.sparse
from draws import COVARIANCES, SHAPES, known, orthonormal
from draws import covariance as random_covariance
from scipy.sparse.linalg import aslinearoperator

import grokedu as gk
from grokedu.ridge import check_gradient_descent, covariance_times


def gaussian(seed=0, **parameters):
    return gk.gaussian_problem(rng=np.random.default_rng(seed), **parameters)


class TestContract:
    def test_every_line_of_the_ridge_contract_runs(self):
        rng = np.random.default_rng(0)
        p = gk.gaussian_problem(
            n_samples=100, n_features=1000, init_variance=1.0, teacher_norm=1.0, rng=rng
        )
        m = p.n_features
        for covariance in (1 / m, np.full(m, 1 / m), np.eye(m) / m):
            gk.realizable_problem(p.features, p.teacher, p.initial_weights, covariance=covariance)
        run = gk.train_ridge(p, weight_decay=1e-4, learning_rate=1.0, n_steps=25_000)
        exact = gk.exact_ridge(p, weight_decay=1e-4, learning_rate=1.0, steps=run.steps)
        assert type(run) is type(exact)
        for trajectory in (run, exact):
            assert trajectory.steps.dtype == np.int64
            assert trajectory.train_loss.dtype == trajectory.test_loss.dtype == np.float64
            assert len(trajectory) == len(trajectory.train_loss) == len(trajectory.test_loss)
            assert trajectory.diverged is False
        limits = dict(train_threshold=0.01, test_threshold=0.01)
        optimizer = dict(weight_decay=1e-4, learning_rate=1.0)
        times = gk.grokking_times(run, **limits)
        assert times.overfit_step < times.generalize_step
        assert times.delay == times.generalize_step - times.overfit_step
        assert times.reason == ""
        assert gk.exact_grokking_times(p, **optimizer, **limits) == times
        for bounds in (gk.theory.grokking_bounds, gk.theory.gaussian_bounds):
            b = bounds(p, **optimizer, **limits)
            assert times.overfit_step <= b.overfit_step_at_most
            assert times.generalize_step >= b.generalize_step_at_least
        table = gk.theory.conditions(p, **optimizer, **limits, failure_probability=0.05)
        assert {"is", "limit", "holds", "unknown"} <= set(table.columns)
        typical = dict(n_samples=100, n_features=1000, init_variance=1.0, **optimizer)
        assert len(gk.predictions.ridge_curves(**typical, steps=run.steps)) == len(run)
        assert isinstance(gk.predictions.ridge_grokking_times(**typical).delay, float)
        table = gk.sweep(n_seeds=1, n_jobs=1, progress=False)
        assert len(table) == 1


class TestLosses:
    def test_train_loss_has_the_half(self):
        problem = gk.realizable_problem([[1.0, 0.0]], [3.0, 0.0], [0.0, 0.0], covariance=1.0)
        assert problem.train_loss(problem.initial_weights) == 9 / 2

    def test_test_loss_has_no_half(self):
        problem = gk.realizable_problem([[1.0, 0.0]], [3.0, 0.0], [0.0, 1.0], covariance=2.0)
        assert problem.test_loss(problem.initial_weights) == 2 * (9 + 1)

    @pytest.mark.parametrize("kind", COVARIANCES)
    def test_test_loss_is_the_expected_squared_error(self, kind):
        """E_x (N(x; θ) − N*(x))², estimated from 200,000 inputs: within 4 standard errors."""
        rng = np.random.default_rng(1)
        problem = known(rng, 8, 6, 6, kind=kind).problem
        full = covariance_times(problem.covariance, np.eye(6))
        inputs = rng.standard_normal((200_000, 6)) @ np.linalg.cholesky(full).T
        weights = rng.standard_normal(6)
        squares = (inputs @ (weights - problem.teacher)) ** 2
        error = squares.std() / np.sqrt(len(squares))
        assert abs(squares.mean() - problem.test_loss(weights)) < 4 * error
        assert error < 0.01 * squares.mean()

    def test_scalar_diagonal_and_full_covariance_agree(self):
        p = gaussian(n_samples=5, n_features=8)
        arrays = (p.features, p.teacher, p.initial_weights)
        losses = [
            gk.realizable_problem(*arrays, covariance=covariance).test_loss(p.initial_weights)
            for covariance in (1 / 8, np.full(8, 1 / 8), np.eye(8) / 8)
        ]
        np.testing.assert_allclose(losses, losses[0], rtol=1e-14)

    def test_label_noise_enters_the_train_loss_alone(self):
        quiet, noisy = gaussian(3), gaussian(3, label_noise=0.5)
        np.testing.assert_array_equal(quiet.features, noisy.features)
        noise = noisy.targets - quiet.targets
        assert noise.std() == pytest.approx(0.5, rel=0.2)
        assert quiet.test_loss(quiet.initial_weights) == noisy.test_loss(noisy.initial_weights)
        assert noisy.train_loss(noisy.teacher) == pytest.approx(noise @ noise / 200, rel=1e-12)


class TestModes:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_singular_values_and_vectors_of_the_features(self, shape):
        """Φ = Σ_i σ_i u_i v_iᵀ, with σ ascending and both sides orthonormal."""
        answer = known(np.random.default_rng(2), *SHAPES[shape])
        modes = answer.problem.modes
        np.testing.assert_allclose(modes.singular, answer.singular, rtol=1e-13)
        np.testing.assert_allclose(modes.eigenvalues, answer.singular**2, rtol=1e-13)
        np.testing.assert_allclose(modes.curvature, answer.singular**2 / SHAPES[shape][0])
        product = modes.left * modes.singular @ modes.right.T
        np.testing.assert_allclose(product, answer.problem.features, rtol=0, atol=1e-14)
        for side in (modes.left, modes.right):
            np.testing.assert_allclose(side.T @ side, np.eye(len(modes.singular)), atol=1e-14)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_the_basis_holds_start_and_teacher(self, shape):
        """θ(0) and θ* are their coordinates in an orthonormal basis; Φ sees only the v_i."""
        problem = known(np.random.default_rng(3), *SHAPES[shape]).problem
        modes = problem.modes
        start = [*modes.start, modes.unseen_start, 0]
        teacher = [*modes.teacher, modes.unseen_overlap, modes.unseen_teacher]
        np.testing.assert_allclose(modes.basis @ start, problem.initial_weights, atol=1e-14)
        np.testing.assert_allclose(modes.basis @ teacher, problem.teacher, atol=1e-14)
        used = np.any(modes.basis != 0, axis=0)
        assert np.count_nonzero(used) == min(problem.n_features, len(modes.singular) + 2)
        gram = modes.basis.T @ modes.basis
        np.testing.assert_allclose(gram, np.diag(used.astype(float)), atol=1e-14)
        np.testing.assert_allclose(problem.features @ modes.basis[:, -2:], 0, atol=1e-14)

    @pytest.mark.parametrize("shape", SHAPES)
    def test_noise_is_split_into_what_weights_can_fit_and_the_rest(self, shape):
        problem = known(np.random.default_rng(4), *SHAPES[shape], label_noise=1.0).problem
        noise = problem.targets - problem.features @ problem.teacher
        fitted = np.linalg.lstsq(problem.features, noise, rcond=1e-12)[0]
        rest = noise - problem.features @ fitted
        modes = problem.modes
        np.testing.assert_allclose(modes.left @ modes.noise, noise - rest, atol=1e-13)
        assert modes.unexplained_noise == pytest.approx(rest @ rest, rel=1e-12, abs=1e-26)

    @pytest.mark.parametrize("kind", COVARIANCES)
    @pytest.mark.parametrize("shape", SHAPES)
    def test_products_with_the_covariance(self, shape, kind):
        problem = known(np.random.default_rng(5), *SHAPES[shape], kind=kind).problem
        vectors = [problem.features.T, problem.initial_weights, problem.teacher]
        full = covariance_times(problem.covariance, np.eye(problem.n_features))
        np.testing.assert_allclose(
            problem.population_products, full @ np.column_stack(vectors), rtol=0, atol=1e-13
        )
        basis = problem.modes.basis
        np.testing.assert_allclose(problem.population_form, basis.T @ full @ basis, atol=1e-14)

    def test_singular_values_at_the_level_of_rounding_count_as_zero(self):
        """Duplicate rows and columns lower the rank, whatever the scale."""
        for scale in (1e-120, 1.0, 1e120):
            features = scale * np.tile(np.random.default_rng(6).standard_normal((3, 5)), (2, 2))
            problem = gk.realizable_problem(features, np.ones(10), np.zeros(10), covariance=1.0)
            assert len(problem.modes.singular) == 3

    @pytest.mark.parametrize("exponent", [1, 3, 5, 7])
    def test_small_singular_values_keep_their_digits(self, exponent):
        """σ_1/σ_r = 10⁻⁷: the square of Φ would have 14 digits less, Φ itself has 7."""
        singular = np.geomspace(10.0**-exponent, 1, 12)
        answer = known(np.random.default_rng(7), 12, 30, 12, singular=singular)
        found = answer.problem.modes.singular
        np.testing.assert_allclose(found, singular, rtol=1e-14 * 10.0**exponent)

    @pytest.mark.parametrize("kind", COVARIANCES)
    def test_smallest_population_eigenvalue(self, kind):
        problem = known(np.random.default_rng(3), 4, 7, 4, kind=kind).problem
        full = covariance_times(problem.covariance, np.eye(7))
        smallest = np.linalg.eigvalsh(full)[0]
        assert problem.smallest_population_eigenvalue == pytest.approx(smallest, rel=1e-12)

    def test_mean_squared_norm_is_the_trace_of_the_curvature(self):
        problem = gaussian(n_samples=20, n_features=30)
        assert problem.mean_squared_feature_norm == pytest.approx(
            problem.modes.curvature.sum(), rel=1e-13
        )
        assert problem.max_curvature == problem.modes.curvature[-1]

    def test_features_that_are_all_zero_have_no_modes(self):
        problem = gk.realizable_problem(np.zeros((3, 2)), [1, 0], [0, 1], covariance=1.0)
        assert problem.modes.singular.size == 0
        assert problem.max_curvature == 0


class TestRescaled:
    """The same draws at another ν² and ‖θ*‖."""

    @pytest.mark.parametrize("label_noise", [0.0, 0.5])
    def test_equals_a_draw_with_those_scales(self, label_noise):
        sizes = dict(n_samples=20, n_features=50, label_noise=label_noise)
        unit = gaussian(9, **sizes)
        scaled = unit.rescaled(init_variance=4.0, teacher_norm=0.5)
        drawn = gaussian(9, init_variance=4.0, teacher_norm=0.5, **sizes)
        for name in ("features", "targets", "initial_weights", "teacher"):
            found, expected = getattr(scaled, name), getattr(drawn, name)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
        assert scaled.init_variance == 4.0
        run = dict(weight_decay=1e-3, learning_rate=1.0, steps=[0, 10, 10**4])
        np.testing.assert_allclose(
            gk.exact_ridge(scaled, **run).test_loss, gk.exact_ridge(drawn, **run).test_loss
        )
        if label_noise == 0:
            assert not scaled.modes.noise.any()

    def test_what_is_not_named_stays(self):
        unit = gaussian(9)
        np.testing.assert_array_equal(unit.rescaled(init_variance=2.0).teacher, unit.teacher)
        np.testing.assert_array_equal(
            unit.rescaled(teacher_norm=2.0).initial_weights, unit.initial_weights
        )

    def test_the_decomposition_of_the_features_is_taken_over(self, monkeypatch):
        unit = gaussian(9, n_samples=5, n_features=8)
        before = unit.modes
        monkeypatch.delattr(np.linalg, "svd")
        scaled = unit.rescaled(init_variance=0.0, teacher_norm=3.0)
        np.testing.assert_array_equal(scaled.modes.singular, before.singular)
        assert scaled.modes.unseen_start == 0

    def test_a_direction_that_is_none_cannot_be_scaled(self):
        problem = gaussian(init_variance=0.0, teacher_norm=0.0)
        with pytest.raises(ValueError, match=r"init_variance=1: .* nothing to scale"):
            problem.rescaled(init_variance=1)
        with pytest.raises(ValueError, match=r"teacher_norm=1: .* nothing to scale"):
            problem.rescaled(teacher_norm=1)
        with pytest.raises(ValueError, match="teacher_norm=-1: pass a number, 0 or more"):
            gaussian().rescaled(teacher_norm=-1)


class TestOwnership:
    """A problem is what it was made from: nobody changes it afterwards."""

    def test_later_edits_of_the_given_arrays_change_nothing(self):
        given = {
            name: np.array(getattr(gaussian(1, n_samples=4, n_features=6), name))
            for name in ("features", "teacher", "initial_weights")
        }
        given["covariance"] = np.eye(6)
        problem = gk.realizable_problem(**given)
        before = problem.test_loss(np.ones(6)), problem.train_loss(np.ones(6))
        for array in given.values():
            array *= 2
        assert (problem.test_loss(np.ones(6)), problem.train_loss(np.ones(6))) == before

    def test_a_read_only_view_of_a_writable_array_is_copied(self):
        mine = np.ones((2, 3))
        view = mine.view()
        view.flags.writeable = False
        problem = gk.realizable_problem(**{**GIVEN, "features": view})
        mine[:] = 7
        assert problem.features.max() == 1

    @pytest.mark.parametrize(
        "name", ["features", "targets", "initial_weights", "teacher", "covariance"]
    )
    def test_its_arrays_are_read_only(self, name):
        problem = gk.realizable_problem(**{**GIVEN, "covariance": np.eye(3)})
        for either in (problem, pickle.loads(pickle.dumps(problem))):
            with pytest.raises(ValueError, match="read-only"):
                getattr(either, name)[0] = 1

    def test_a_changed_copy_shares_what_stays(self):
        problem = gaussian()
        assert replace(problem, init_variance=None).features is problem.features

    def test_problems_are_compared_by_identity_and_can_be_keys(self):
        one, other = gaussian(1), gaussian(1)
        assert one == one and one != other
        assert len({one, other}) == 2

    def test_a_shape_is_said(self):
        text = repr(gaussian(n_samples=3, n_features=7))
        assert "n_samples=3" in text and "n_features=7" in text and "scalar" in text
        assert len(repr(gaussian().modes)) < 80


class TestCopies:
    """Problems go through files and to other processes, without what can be computed again."""

    def test_a_pickle_holds_the_fields_and_nothing_else(self):
        problem = gaussian(n_samples=5, n_features=200)
        size = len(pickle.dumps(problem))
        _ = problem.modes, problem.gram, problem.population_form
        assert len(pickle.dumps(problem)) == size

    @pytest.mark.parametrize("kind", COVARIANCES)
    def test_the_copy_runs_as_the_original(self, kind, tmp_path):
        problem = known(np.random.default_rng(8), 5, 9, 5, kind=kind).problem
        joblib.dump(problem, tmp_path / "problem")
        copies = [
            pickle.loads(pickle.dumps(problem)),
            joblib.load(tmp_path / "problem"),
            joblib.load(tmp_path / "problem", mmap_mode="r"),
            copy.deepcopy(problem),
        ]
        run = dict(weight_decay=1e-3, learning_rate=0.5)
        expected = gk.train_ridge(problem, **run, n_steps=50)
        for other in copies:
            found = gk.train_ridge(other, **run, n_steps=50)
            np.testing.assert_allclose(found.test_loss, expected.test_loss, rtol=1e-13)
            exact = gk.exact_ridge(other, **run, steps=np.arange(51))
            np.testing.assert_allclose(exact.test_loss, expected.test_loss, rtol=1e-11)

    def test_other_processes(self):
        problem = gaussian(n_samples=5, n_features=9)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            loss = pool.submit(problem.test_loss, problem.teacher * 2).result()
        assert loss == problem.test_loss(problem.teacher * 2)


class TestGaussianProblem:
    def test_scales(self):
        problem = gaussian(n_samples=200, n_features=2000, init_variance=4.0, teacher_norm=3.0)
        assert problem.features.var() == pytest.approx(1 / 2000, rel=0.01)
        assert problem.initial_weights.var() == pytest.approx(4.0, rel=0.1)
        assert np.linalg.norm(problem.teacher) == pytest.approx(3.0, rel=1e-14)
        assert problem.covariance == 1 / 2000
        assert problem.init_variance == 4.0

    def test_problems_that_differ_in_scale_alone_share_their_draws(self):
        one, other = gaussian(5), gaussian(5, init_variance=9.0, teacher_norm=2.0)
        np.testing.assert_array_equal(one.features, other.features)
        np.testing.assert_allclose(other.initial_weights, 3 * one.initial_weights, rtol=1e-15)
        np.testing.assert_allclose(other.teacher, 2 * one.teacher, rtol=1e-15)

    def test_a_generator_is_the_only_source_of_randomness(self):
        np.testing.assert_array_equal(gaussian(7).features, gaussian(7).features)
        assert not np.array_equal(gaussian(7).features, gaussian(8).features)

    def test_gaussian_features_have_no_sure_norm_bound(self):
        assert gaussian().feature_norm_bound ** 2 == pytest.approx(1.5)
        assert not gaussian().norm_bound_is_sure

    def test_zero_teacher_and_zero_start(self):
        problem = gaussian(init_variance=0.0, teacher_norm=0.0)
        assert not problem.teacher.any()
        assert not problem.initial_weights.any()
        assert not problem.targets.any()


class TestGaussianCovariance:
    """Features φ ~ N(0, Σ)."""

    @pytest.mark.parametrize("kind", COVARIANCES)
    def test_second_moments_of_the_features(self, kind):
        """(1/n) ΦᵀΦ within 5 standard errors of Σ, entry by entry."""
        sigma = random_covariance(np.random.default_rng(1), kind, 6)
        problem = gaussian(2, n_samples=100_000, n_features=6, covariance=sigma)
        full = covariance_times(problem.covariance, np.eye(6))
        found = problem.features.T @ problem.features / 100_000
        error = np.sqrt((np.outer(full.diagonal(), full.diagonal()) + full**2) / 100_000)
        assert np.all(np.abs(found - full) < 5 * error)
        assert problem.feature_norm_bound == pytest.approx(np.sqrt(1.5 * np.trace(full)))
        assert not problem.norm_bound_is_sure

    def test_problems_that_differ_in_the_covariance_share_their_draws(self):
        """Φ = Z Σ^{1/2} with the same Z, teacher, start and noise."""
        sizes = dict(n_samples=5, n_features=8, label_noise=0.5)
        plain = gaussian(3, **sizes)
        normal = plain.features * np.sqrt(8)
        sigma = random_covariance(np.random.default_rng(4), "full", 8)
        eigenvalues, basis = np.linalg.eigh(sigma)
        for given, root in (
            (1 / 8, np.eye(8) / np.sqrt(8)),
            (sigma.diagonal(), np.diag(np.sqrt(sigma.diagonal()))),
            (np.diag(sigma.diagonal()), np.diag(np.sqrt(sigma.diagonal()))),
            (sigma, basis * np.sqrt(eigenvalues) @ basis.T),
        ):
            drawn = gaussian(3, covariance=given, **sizes)
            np.testing.assert_allclose(drawn.features, normal @ root, rtol=0, atol=1e-14)
            np.testing.assert_array_equal(drawn.teacher, plain.teacher)
            np.testing.assert_array_equal(drawn.initial_weights, plain.initial_weights)
            noise = [p.targets - p.features @ p.teacher for p in (drawn, plain)]
            np.testing.assert_allclose(*noise, rtol=0, atol=1e-14)

    @pytest.mark.parametrize("rank", [0, 1, 7])
    def test_the_rank_of_the_features_is_that_of_a_singular_covariance(self, rank):
        """Nor does the test loss see what lies outside of Σ."""
        basis = orthonormal(np.random.default_rng(5), 40, 40)
        eigenvalues = np.where(np.arange(40) < rank, np.arange(40) + 1.0, 0.0)
        for sigma in (eigenvalues, basis * eigenvalues @ basis.T):
            problem = gaussian(6, n_samples=20, n_features=40, covariance=sigma)
            assert len(problem.modes.singular) == rank
            end = gk.ridge_solution(problem, weight_decay=0.0)
            assert problem.test_loss(end) == pytest.approx(0, abs=1e-12)


class TestArraysOfAnyKind:
    @pytest.mark.parametrize(
        "convert",
        [
            np.asfortranarray,
            lambda a: a.astype(np.float32),
            np.ndarray.tolist,
            lambda a: a[:, ::-1],
        ],
        ids=["Fortran order", "float32", "lists", "negative strides"],
    )
    def test_features_become_contiguous_float64(self, convert):
        features = convert(gaussian(n_samples=4, n_features=6).features)
        problem = gk.realizable_problem(features, np.ones(6), np.zeros(6), covariance=1.0)
        assert problem.features.dtype == np.float64
        assert problem.features.flags.c_contiguous
        np.testing.assert_array_equal(problem.features, features)

    def test_an_operator_stands_for_its_matrix(self):
        matrix = known(np.random.default_rng(9), 4, 6, 4, kind="full").problem.covariance
        p = gaussian(n_samples=4, n_features=6)
        run = dict(weight_decay=1e-3, learning_rate=0.5, steps=[0, 3, 10**4])
        losses = [
            gk.exact_ridge(replace(p, covariance=covariance), **run).test_loss
            for covariance in (matrix, aslinearoperator(matrix))
        ]
        np.testing.assert_allclose(*losses, rtol=1e-13)

    def test_whole_numbers_and_booleans_are_numbers(self):
        problem = gk.realizable_problem([[1, 0]], [True, False], [0, 1], covariance=1)
        assert problem.targets.tolist() == [1.0]


FEATURES = np.arange(6.0).reshape(2, 3)
GIVEN = dict(features=FEATURES, teacher=np.ones(3), initial_weights=np.zeros(3), covariance=1.0)
NOT_A_COVARIANCE = np.array([[1.0, 2, 0], [2, 1, 0], [0, 0, 1]])
BAD_PROBLEMS = [
    (dict(features=np.ones(3)), ["features", "(3,)", "(n_samples, n_features)"]),
    (dict(features=np.ones((0, 3))), ["features", "(0, 3)", "at least 1"]),
    (dict(features=np.ones((2, 0))), ["features", "(2, 0)", "at least 1"]),
    (dict(features=FEATURES * np.nan), ["features", "NaN", "remove or replace"]),
    (dict(features=FEATURES * 1j), ["features", "pass real numbers"]),
    (dict(features=FEATURES.astype(str)), ["features", "pass real numbers"]),
    (dict(features=[[1, 2, 3], [4]]), ["features", "pass real numbers"]),
    (dict(features=FEATURES.astype(str).astype(object)), ["features", "pass real numbers"]),
    (dict(features=scipy.sparse.csr_array(FEATURES)), ["features", "features.toarray()"]),
    (dict(features=np.ma.masked_less(FEATURES, 2)), ["features", "masked", "filled"]),
    (dict(features=[[10**400, 0, 0]]), ["features", "1e308"]),
    (dict(features=FEATURES * 1e200), ["features", "5e+200", "rescale"]),
    (dict(teacher=np.ones(2)), ["teacher", "(2,)", "(3,)"]),
    (dict(teacher=np.ones((3, 1))), ["teacher", "(3, 1)", "(3,)"]),
    (dict(teacher=None), ["teacher", "()", "(3,)"]),
    (dict(initial_weights=np.ones(4)), ["initial_weights", "(4,)", "(3,)"]),
    (dict(initial_weights=[np.inf, 0, 0]), ["initial_weights", "infinity"]),
    (dict(covariance=-1.0), ["covariance", "-1", "positive semidefinite"]),
    (dict(covariance=[1.0, -2.0, 1.0]), ["covariance", "-2", "positive semidefinite"]),
    (dict(covariance=NOT_A_COVARIANCE), ["covariance", "-1", "positive semidefinite"]),
    (dict(covariance=np.triu(np.ones((3, 3)))), ["covariance", "symmetric", "covariance.T"]),
    (dict(covariance=np.ones(2)), ["covariance", "(2,)", "(3,)", "(3, 3)"]),
    (dict(covariance=np.ones((2, 3))), ["covariance", "(2, 3)", "(3, 3)"]),
    (dict(covariance=np.nan), ["covariance", "NaN"]),
    (dict(covariance="identity"), ["covariance", "pass real numbers"]),
    (dict(covariance=scipy.sparse.eye_array(3)), ["covariance", "covariance.toarray()"]),
    (dict(covariance=aslinearoperator(np.eye(2))), ["covariance", "(2, 2)", "(3, 3)"]),
    (dict(label_noise=-0.1), ["label_noise", "-0.1", "0 or more"]),
    (dict(label_noise=0.1), ["label_noise=0.1", "rng", "Generator"]),
    (dict(label_noise=0.1, rng=7), ["rng=7", "default_rng"]),
    (dict(init_variance=-1), ["init_variance=-1", "0 or more"]),
    (dict(feature_norm_bound=1.0), ["feature_norm_bound=1.0", "7.07107"]),
]
# What only the class itself is given.
BAD_FIELDS = [
    (dict(targets=[1.0, np.nan]), ["targets", "NaN"]),
    (dict(targets=np.ones(3)), ["targets", "(3,)", "(2,)"]),
    (dict(targets=np.ones(2) * 1j), ["targets", "real numbers"]),
    (dict(misfit_moment=np.ones(2)), ["misfit_moment", "(2,)", "(3,)"]),
    (dict(misfit_power=-1), ["misfit_power=-1", "0 or more"]),
    (dict(feature_norm_bound=-1, norm_bound_is_sure=False), ["feature_norm_bound=-1", "0 or more"]),
]
BAD_GAUSSIANS = [
    (dict(n_samples=0), ["n_samples=0", "at least 1"]),
    (dict(n_samples=2.5), ["n_samples=2.5", "whole number"]),
    (dict(n_samples="5"), ["n_samples='5'", "whole number"]),
    (dict(n_samples=1j), ["n_samples=1j", "whole number"]),
    (dict(n_samples=None), ["n_samples=None", "whole number"]),
    (dict(n_samples=10**400), ["n_samples=1000", "whole number"]),
    (dict(n_features=-3), ["n_features=-3", "at least 1"]),
    (dict(n_features=np.nan), ["n_features=nan", "whole number"]),
    (dict(init_variance=-1.0), ["init_variance=-1.0", "0 or more"]),
    (dict(init_variance=np.inf), ["init_variance=inf", "0 or more"]),
    (dict(teacher_norm=-1.0), ["teacher_norm=-1.0", "0 or more"]),
    (dict(teacher_norm="big"), ["teacher_norm='big'", "0 or more"]),
    (dict(label_noise=np.nan), ["label_noise=nan", "0 or more"]),
    (dict(teacher_norm=np.array([1.0])), ["teacher_norm=array([1.])", "0 or more"]),
    (dict(teacher_norm=np.array("1.0")), ["teacher_norm=array(", "0 or more"]),
    (dict(teacher_norm=np.complex128(1)), ["teacher_norm=", "0 or more"]),
    (dict(teacher_norm=np.ma.masked), ["teacher_norm=masked", "0 or more"]),
    (dict(n_features=3, covariance=-1.0), ["covariance", "-1", "positive semidefinite"]),
    (dict(n_features=3, covariance=NOT_A_COVARIANCE), ["covariance", "-1", "semidefinite"]),
    (dict(n_features=3, covariance=np.ones(2)), ["covariance", "(2,)", "3 features", "(3, 3)"]),
    (
        dict(n_features=3, covariance=aslinearoperator(np.eye(3))),
        ["covariance", "Operator", "root"],
    ),
    (dict(rng=0), ["rng=0", "default_rng"]),
    (dict(rng=np.random), ["rng=", "default_rng"]),
]
BAD_OPTIMIZERS = [
    (dict(weight_decay=-1e-3), ["weight_decay=-0.001", "0 or more"]),
    (dict(weight_decay=np.nan), ["weight_decay=nan", "0 or more"]),
    (dict(weight_decay="1e-3"), ["weight_decay='1e-3'", "0 or more"]),
    (dict(weight_decay=[1e-3]), ["weight_decay=[0.001]", "0 or more"]),
    (dict(learning_rate=0), ["learning_rate=0", "above 0"]),
    (dict(learning_rate=-1), ["learning_rate=-1", "above 0"]),
    (dict(learning_rate=np.inf), ["learning_rate=inf", "above 0"]),
    (dict(weight_decay=2, learning_rate=0.5), ["learning_rate=0.5", "weight_decay=2", "below 0.5"]),
    # s_max = 1/2 for the single feature below: the limit is 2/(0 + 1/2) = 4.
    (dict(weight_decay=0, learning_rate=4), ["learning_rate=4", "2/(weight_decay + s_max) = 4"]),
    (dict(weight_decay=0.1, learning_rate=5), ["learning_rate=5", "= 3.333", "allow_unstable"]),
]


class TestBadInput:
    """Every message names the argument, the value and the remedy."""

    @pytest.mark.parametrize(("change", "words"), BAD_PROBLEMS)
    def test_realizable_problem(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.realizable_problem(**{**GIVEN, **change})
        assert all(word in str(error.value) for word in words)

    @pytest.mark.parametrize("weights", [np.ones(2), np.ones((3, 1)), None, "zero"])
    def test_weights_of_a_loss(self, weights):
        rows = np.ones((4, 3))
        data = gk.data_problem(
            rows, rows[:, 0], test_features=rows, test_targets=rows[:, 0], initial_weights=rows[0]
        )
        for problem in (gaussian(n_samples=2, n_features=3), data):
            for loss in (problem.train_loss, problem.test_loss):
                with pytest.raises(ValueError, match=r"weights (has shape|is not an array)"):
                    loss(weights)

    @pytest.mark.parametrize(
        ("change", "words"), BAD_FIELDS + [row for row in BAD_PROBLEMS if "noise" not in str(row)]
    )
    def test_a_changed_copy(self, change, words):
        """However a problem is made, its fields are checked."""
        with pytest.raises(ValueError) as error:
            replace(gk.realizable_problem(**GIVEN), **{"norm_bound_is_sure": True, **change})
        assert all(word in str(error.value) for word in words)

    def test_fields_become_float64_arrays(self):
        problem = replace(gk.realizable_problem(**GIVEN), targets=[1, 2], covariance=2)
        assert problem.targets.dtype == problem.covariance.dtype == np.float64
        assert problem.covariance.shape == ()

    @pytest.mark.parametrize(("change", "words"), BAD_GAUSSIANS)
    def test_gaussian_problem(self, change, words):
        with pytest.raises(ValueError) as error:
            gk.gaussian_problem(**{"rng": np.random.default_rng(0), **change})
        assert all(word in str(error.value) for word in words)

    def test_features_that_do_not_fit_into_memory(self):
        size = dict(n_samples=10**5, n_features=10**9)
        with pytest.raises(ValueError, match=r"800,000 GB.*use sampled_problem"):
            gaussian(**size)
        with pytest.raises(ValueError, match=r"800,000 GB.*pass fewer"):
            gaussian(**size, covariance=1e-9)
        with pytest.raises(ValueError, match=r"800,000 GB.*pass fewer"):  # it would take hours
            gaussian(n_samples=10**6, n_features=10**8)

    @pytest.mark.parametrize(
        "draw, sizes",
        [
            (gk.relu_feature_problem, dict(n_samples=10**7, n_features=10**7)),
            (gk.relu_feature_problem, dict(n_samples=1, n_features=10**7, input_dim=10**7)),
            (gk.fourier_feature_problem, dict(n_samples=10**7, n_features=10**7)),
            (gk.fourier_feature_problem, dict(n_samples=10**7, input_dim=10**7, n_features=1)),
            (gk.relu_network_problem, dict(width=10**7, input_dim=10**7)),
            (gk.modular_addition_problem, dict(modulus=10**7)),
        ],
    )
    def test_other_arrays_that_do_not_fit_into_memory(self, draw, sizes):
        with pytest.raises(ValueError, match=r"numbers take 800,000 GB.*: pass "):
            draw(**sizes, rng=np.random.default_rng(0))

    @pytest.mark.parametrize(("change", "words"), BAD_OPTIMIZERS)
    def test_weight_decay_and_learning_rate(self, change, words):
        problem = gk.realizable_problem([[1.0], [0.0]], [1.0], [0.0], covariance=1.0)
        with pytest.raises(ValueError) as error:
            check_gradient_descent(problem, **{"weight_decay": 0.0, "learning_rate": 1.0, **change})
        assert all(word in str(error.value) for word in words)

    def test_a_norm_bound_may_equal_the_largest_norm(self):
        problem = gk.realizable_problem(**GIVEN, feature_norm_bound=np.sqrt(50))
        assert problem.norm_bound_is_sure
        assert not gk.realizable_problem(**GIVEN).norm_bound_is_sure
