"""Random matrix theory predicts what typical draws do, with no free parameter."""

import math
import warnings

import numpy as np
import pytest
from draws import examples, powers
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.sparse.linalg import aslinearoperator

import grokedu as gk
from grokedu import predictions

OPTIMIZER = dict(weight_decay=1e-4, learning_rate=1.0)


def draws(number, **parameters):
    for seed in range(number):
        yield gk.gaussian_problem(**parameters, rng=np.random.default_rng([50, seed]))


class TestMarchenkoPastur:
    @pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 2.0])
    def test_the_density_integrates_to_its_mass(self, ratio):
        low, high = predictions.marchenko_pastur_edges(ratio)

        def density(root):  # μ = root² takes the singularity at 0 away when q = 1
            return 2 * root * predictions.marchenko_pastur_density(root**2, ratio)

        mass, _ = quad(density, math.sqrt(low), math.sqrt(high), limit=200)
        assert mass == pytest.approx(min(1, 1 / ratio), rel=1e-6)

    def test_the_density_vanishes_outside_its_edges(self):
        low, high = predictions.marchenko_pastur_edges(0.25)
        assert (low, high) == (0.25, 2.25)
        outside = [-1.0, 0.0, 0.2, low, high, 3.0]
        assert not predictions.marchenko_pastur_density(outside, 0.25).any()
        assert np.all(predictions.marchenko_pastur_density([0.26, 1.0, 2.24], 0.25) > 0)

    def test_eigenvalues_of_a_draw_follow_it(self):
        eigenvalues = next(draws(1, n_samples=500, n_features=1000)).modes.eigenvalues
        low, high = predictions.marchenko_pastur_edges(0.5)
        for upper in np.linspace(low, high, 7)[1:-1]:
            share, _ = quad(lambda x: predictions.marchenko_pastur_density(x, 0.5), low, upper)
            assert np.mean(eigenvalues <= upper) == pytest.approx(share, abs=0.01)

    def test_smallest_eigenvalue(self):
        """√μ_min ≥ 1 − √(n/m) − s/√m fails with probability at most e^{−s²/2}."""
        bound = predictions.smallest_eigenvalue_at_least(50, 500, failure_probability=0.05)
        smallest = [p.modes.eigenvalues[0] for p in draws(100, n_samples=50, n_features=500)]
        assert np.mean(np.array(smallest) < bound) <= 0.05
        expected = 1 - math.sqrt(0.1) - math.sqrt(2 * math.log(20) / 500)
        assert bound == pytest.approx(expected**2, rel=1e-12)
        assert predictions.smallest_eigenvalue_at_least(9, 9, failure_probability=0.05) == 0


spectra = st.lists(powers(-12, 2), min_size=1, max_size=30).map(np.array)


class TestUnseenPower:
    """nκ with Σ σ/(σ + κ) = n."""

    @examples(200)
    @given(spectra, st.data())
    def test_kappa_solves_its_equation(self, sigma, data):
        n = data.draw(st.integers(1, len(sigma)))
        power = predictions.unseen_power(sigma, n)
        if n == len(sigma):
            assert power == 0
        else:
            assert np.sum(sigma / (sigma + power / n)) == pytest.approx(n, rel=1e-13)

    @examples(100)
    @given(st.integers(1, 2000), st.data())
    def test_isotropic_features_leave_one_minus_n_over_m(self, m, data):
        n = data.draw(st.integers(0, m))
        found = predictions.unseen_power(np.full(m, 1 / m), n)
        assert found == pytest.approx((m - n) / m, rel=1e-13)

    @examples(100)
    @given(spectra)
    def test_it_falls_from_the_trace_to_zero_as_samples_come_in(self, sigma):
        found = [predictions.unseen_power(sigma, n) for n in range(len(sigma) + 3)]
        assert found[0] == pytest.approx(sigma.sum(), rel=1e-14)
        assert np.all(np.diff(found[: len(sigma) + 1]) < 0)
        assert found[len(sigma) :] == [0, 0, 0]

    @examples(100)
    @given(spectra, powers(-290, 290), st.integers(0, 5))
    def test_it_scales_with_the_covariance(self, sigma, factor, n):
        found = predictions.unseen_power(factor * sigma, n)
        assert found == pytest.approx(factor * predictions.unseen_power(sigma, n), rel=1e-12)

    @examples(50)
    @given(spectra, st.integers(0, 10), st.integers(0, 12))
    def test_zero_eigenvalues_and_their_rounding_hold_nothing(self, sigma, zeros, n):
        power = predictions.unseen_power(sigma, n)
        for nothing in (0.0, -1e-11 * sigma.max()):
            longer = np.r_[sigma, np.full(zeros, nothing)]
            assert predictions.unseen_power(longer, n) == power
        assert n < len(sigma) or power == 0

    def test_draws_leave_it(self):
        """tr(PΣ) within 4 standard errors and 1% of nκ, σ_i ∝ i^{−1.5}."""
        sigma = np.arange(1, 401) ** -1.5
        rng = np.random.default_rng(51)
        unseen = []
        for _ in range(20):
            features = rng.standard_normal((40, 400)) * np.sqrt(sigma)
            seen = np.linalg.qr(features.T)[0]
            unseen.append(sigma.sum() - np.sum(sigma[:, None] * seen**2))
        error = np.std(unseen, ddof=1) / math.sqrt(len(unseen))
        power = predictions.unseen_power(sigma, 40)
        assert abs(np.mean(unseen) - power) < 4 * error + 0.01 * power
        assert error < 0.01 * power

    @pytest.mark.parametrize(
        ("sigma", "n", "words"),
        [
            ([1.0, -0.1], 1, "eigenvalues contains -0.1: .* positive semidefinite"),
            ([], 1, "eigenvalues has shape .*n_features"),
            (np.eye(2), 1, "eigenvalues has shape .*eigvalsh"),
            ([1.0, np.nan], 1, "eigenvalues contains NaN"),
            ([1e308, 1e308], 1, "eigenvalues goes up to 1e.308: rescale"),
            ([1.0], -1, "n_samples=-1: pass a whole number, at least 0"),
        ],
    )
    def test_bad_input(self, sigma, n, words):
        with pytest.raises(ValueError, match=words):
            predictions.unseen_power(sigma, n)


@pytest.fixture(scope="module")
def fifty():
    """t1 and t2 of the 50 draws that `sweep` makes by default."""
    table = gk.sweep(n_jobs=1, progress=False)
    return table[["overfit_step", "generalize_step"]].to_numpy(dtype=float)


class TestPaperDefaults:
    """n = 100, m = 1000, ν² = 1, λ = 1e-4, η = 1 over 50 draws."""

    def test_t1_and_t2(self, fifty):
        """t1 = 210 ± 12 and t2 = 22,950 ± 290 (mean ± sd)."""
        mean, spread = fifty.mean(axis=0), fifty.std(axis=0, ddof=1)
        error = np.array([12, 290]) / math.sqrt(50)
        # Three standard errors of the mean, and of an sd estimated from 50 draws (10% each).
        assert np.all(np.abs(mean - [210, 22_950]) < 3 * error)
        np.testing.assert_allclose(spread, [12, 290], rtol=0.3)

    def test_the_sharp_prediction_has_no_bias_that_shows(self, fifty):
        sharp = predictions.ridge_grokking_times(**OPTIMIZER)
        found = [sharp.overfit_step, sharp.generalize_step]
        error = fifty.std(axis=0, ddof=1) / math.sqrt(50)
        assert np.all(np.abs(found - fifty.mean(axis=0)) < 3 * error)

    def test_closed_form(self, fifty):
        """ln[ (m−n)ν² / (mc − (1 − n/m)‖θ*‖²) ] / (2ηλ) = 22,969."""
        found = predictions.closed_form_generalize_step(**OPTIMIZER)
        assert found == pytest.approx(math.log(900 / 9.1) / 2e-4, rel=1e-12)
        assert found == pytest.approx(22_969, abs=2)
        sharp = predictions.ridge_grokking_times(**OPTIMIZER).generalize_step
        assert found == pytest.approx(sharp, rel=1e-3)
        assert abs(found - fifty[:, 1].mean()) < fifty[:, 1].std()


SETTINGS = [
    dict(),
    dict(weight_decay=1e-5),
    dict(weight_decay=1e-3),
    dict(n_samples=50),
    dict(n_samples=300),
    dict(n_features=500),
    dict(n_features=3000),
    dict(init_variance=0.25),
    dict(init_variance=16.0),
    dict(teacher_norm=2.0),
]


class TestTenSettings:
    @pytest.mark.parametrize("change", SETTINGS, ids=str)
    def test_the_prediction_lies_within_one_sd_of_the_mean(self, change):
        setting = {**OPTIMIZER, **change}
        optimizer = {name: setting.pop(name) for name in OPTIMIZER}
        times = [gk.exact_grokking_times(p, **optimizer) for p in draws(12, **setting)]
        sharp = predictions.ridge_grokking_times(**setting, **optimizer)
        for name in ("overfit_step", "generalize_step"):
            measured = np.array([getattr(t, name) for t in times])
            assert abs(getattr(sharp, name) - measured.mean()) < measured.std(ddof=1)


SPECTRA = {
    "1/i": np.arange(1, 401) ** -1.0,
    "1/i²": np.arange(1, 401) ** -2.0,
    "spiked": np.r_[np.full(5, 30.0), np.full(395, 1.0)],
    "two levels": np.r_[np.full(200, 1.0), np.full(200, 1e-2)],
    "singular": np.r_[np.linspace(1, 2, 150), np.zeros(250)],
}


class TestAnyCovariance:
    """Everything follows from the eigenvalues of Σ."""

    @pytest.mark.parametrize("name", SPECTRA)
    @pytest.mark.parametrize("n", [60, 200])
    def test_curves_are_near_the_mean_of_exact_ones(self, name, n):
        """Within 4 standard errors and 3% at every step, with label noise and a teacher."""
        sigma = SPECTRA[name] / SPECTRA[name].sum()
        setting = dict(n_samples=n, n_features=400, covariance=sigma, label_noise=0.3)
        optimizer = dict(weight_decay=1e-4, learning_rate=0.5 / sigma.max() / 4)
        steps = np.array([3, 30, 300, 3000, 30_000, 10**6])
        with warnings.catch_warnings(category=predictions.UntypicalWarning, action="ignore"):
            sharp = predictions.ridge_curves(**setting, **optimizer, steps=steps)
        exact = [gk.exact_ridge(p, **optimizer, steps=steps) for p in draws(30, **setting)]
        for kind in ("train_loss", "test_loss"):
            curves = np.array([getattr(run, kind) for run in exact])
            error = curves.std(axis=0, ddof=1) / math.sqrt(len(curves))
            difference = np.abs(getattr(sharp, kind) - curves.mean(axis=0))
            assert np.all(difference < 4 * error + 0.03 * curves.mean(axis=0))

    def test_however_the_covariance_is_given(self):
        """Scalar, diagonal, matrix, rotated matrix: the same curves."""
        rng = np.random.default_rng(52)
        basis = np.linalg.qr(rng.standard_normal((50, 50)))[0]
        sigma = rng.uniform(0.1, 1, 50) * (np.arange(50) < 40)
        setting = dict(n_samples=20, n_features=50, weight_decay=1e-3, learning_rate=0.3)

        def losses(covariance):
            curves = predictions.ridge_curves(
                **setting, covariance=covariance, steps=[0, 5, 100, 10**5]
            )
            return np.array([curves.train_loss, curves.test_loss])

        rotated = basis * sigma @ basis.T
        for other in (rng.permutation(sigma), np.diag(sigma), (rotated + rotated.T) / 2):
            np.testing.assert_allclose(losses(other), losses(sigma), rtol=1e-6)
        for other in (None, np.full(50, 1 / 50), np.eye(50) / 50):
            np.testing.assert_allclose(losses(other), losses(1 / 50), rtol=1e-12)

    @pytest.mark.parametrize("name", SPECTRA)
    def test_t2_is_the_closed_form(self, name):
        """ln[ν² nκ / (c − floor)] / (−2 ln(1 − ηλ)), where the seen part has died out."""
        sigma, n, lam = SPECTRA[name], 60, 1e-6 * SPECTRA[name].sum() / 400
        setting = dict(n_samples=n, n_features=400, covariance=sigma, teacher_norm=0.5)
        power = predictions.unseen_power(sigma, n)
        floor = predictions.final_test_loss(**setting, weight_decay=lam)
        setting |= dict(weight_decay=lam, learning_rate=0.1 / sigma.max())
        setting |= dict(test_threshold=floor + power / 20)
        drop = -2 * math.log1p(-lam * setting["learning_rate"])
        sharp = predictions.ridge_grokking_times(**setting).generalize_step
        assert sharp == pytest.approx(math.log(20) / drop, rel=1e-4)
        closed = predictions.closed_form_generalize_step(**setting)
        assert closed == pytest.approx(sharp, rel=1e-3)

    @examples(100)
    @given(spectra, st.integers(1, 40), powers(-6, 1), st.floats(0, 2), st.floats(0, 2))
    def test_curves_end_at_the_final_loss(self, sigma, n, lam, teacher, noise):
        setting = dict(n_samples=n, n_features=len(sigma), covariance=sigma)
        setting |= dict(teacher_norm=teacher, label_noise=noise, weight_decay=lam)
        final = predictions.final_test_loss(**setting)
        with warnings.catch_warnings(category=predictions.UntypicalWarning, action="ignore"):
            rate = 0.3 / (lam + sigma.sum() * (1 + 30 / n))
            end = predictions.ridge_curves(**setting, learning_rate=rate, steps=[2**53])
        assert end.test_loss[0] == pytest.approx(final, rel=1e-5, abs=1e-15)

    def test_what_is_no_covariance(self):
        for bad, words in (
            (np.ones(3), "covariance has shape .*1000 features"),
            (-1.0, "negative eigenvalue"),
            (aslinearoperator(np.eye(1000)), "Operator: pass its 1000 eigenvalues"),
        ):
            with pytest.raises(ValueError, match=words):
                predictions.ridge_curves(**OPTIMIZER, covariance=bad, steps=[0])


class TestNearlySquare:
    """n close to m: eigenvalues reach down to 0, and the loss hangs on the last of them."""

    @pytest.mark.parametrize("lam", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12])
    @pytest.mark.parametrize("n", [30, 300, 1000])
    def test_final_loss_of_a_square_problem(self, n, lam):
        """‖θ*‖²/(n√(1 + 4/(nλ))), by its formula and as the end of the curve."""
        size = dict(n_samples=n, n_features=n, teacher_norm=2.0)
        exact = 4 / (n * math.sqrt(1 + 4 / (n * lam)))
        assert predictions.final_test_loss(**size, weight_decay=lam) == pytest.approx(exact, 1e-10)
        with warnings.catch_warnings(category=predictions.UntypicalWarning, action="ignore"):
            end = predictions.ridge_curves(
                **size, init_variance=0.0, weight_decay=lam, learning_rate=1.0, steps=[2**53]
            )
        assert end.test_loss[0] == pytest.approx(exact, rel=1e-10)

    @pytest.mark.parametrize(("n", "lam"), [(299, 1e-8), (295, 1e-6), (200, 1e-3), (310, 1e-5)])
    def test_final_loss_between_wide_and_square(self, n, lam):
        """(‖θ*‖²/m) n (κ − λ dκ/dλ), with κ from its quadratic equation for Σ = I/m, m = 300."""

        def kappa(lam):
            half = (lam + 1 / n - 1 / 300) / 2
            root = math.hypot(half, math.sqrt(lam / 300))
            return half + root if half > 0 else lam / 300 / (root - half)

        slope = (kappa(1.0001 * lam) - kappa(0.9999 * lam)) / (0.0002 * lam)
        expected = n / 300 * (kappa(lam) - lam * slope)
        found = predictions.final_test_loss(n_samples=n, n_features=300, weight_decay=lam)
        assert found == pytest.approx(expected, rel=1e-6)

    @pytest.mark.parametrize(("lam", "typical"), [(1e-4, True), (1e-8, False)])
    def test_a_warning_where_a_typical_run_is_not_the_mean(self, lam, typical):
        size = dict(n_samples=300, n_features=300, weight_decay=lam)
        mean = predictions.final_test_loss(**size)
        ends = [
            problem.test_loss(gk.ridge_solution(problem, weight_decay=lam))
            for problem in draws(40, n_samples=300, n_features=300)
        ]
        assert (0.8 < np.median(ends) / mean < 1.2) == typical
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            predictions.ridge_curves(**size, learning_rate=1.0, steps=[0, 2**53])
        assert [w.category for w in caught] == [predictions.UntypicalWarning] * (not typical)

    def test_t2_warns_too(self):
        setting = dict(n_samples=300, n_features=300, weight_decay=1e-7, learning_rate=1.0)
        with pytest.warns(predictions.UntypicalWarning, match=r"n_samples=300"):
            predictions.ridge_grokking_times(**setting, test_threshold=3e-5)


class TestCurves:
    @pytest.mark.parametrize("noise", [0.0, 0.3])
    @pytest.mark.parametrize("shape", [(100, 400), (400, 100)], ids=["wide", "tall"])
    def test_they_are_near_the_mean_of_exact_curves(self, shape, noise):
        setting = dict(n_samples=shape[0], n_features=shape[1], label_noise=noise)
        steps = np.array([0, 10, 100, 1000, 10_000, 100_000])
        sharp = predictions.ridge_curves(**setting, **OPTIMIZER, steps=steps)
        exact = [gk.exact_ridge(p, **OPTIMIZER, steps=steps) for p in draws(20, **setting)]
        for name in ("train_loss", "test_loss"):
            curves = np.array([getattr(run, name) for run in exact])
            error = curves.std(axis=0, ddof=1) / math.sqrt(len(curves))
            difference = np.abs(getattr(sharp, name) - curves.mean(axis=0))
            # Four standard errors, and what n = 100 is still away from its limit.
            assert np.all(difference < 4 * error + 0.02 * curves.mean(axis=0))

    def test_the_start_is_known_in_closed_form(self):
        """E L_n(θ(0)) = (ν² + ‖θ*‖²/m)/2 and E L(θ(0)) = ν² + ‖θ*‖²/m."""
        start = predictions.ridge_curves(
            init_variance=2.0, teacher_norm=3.0, n_features=900, **OPTIMIZER, steps=0
        )
        assert start.train_loss[0] == pytest.approx((2 + 9 / 900) / 2, rel=1e-12)
        assert start.test_loss[0] == pytest.approx(2 + 9 / 900, rel=1e-12)

    def test_a_prediction_belongs_to_no_problem(self):
        curves = predictions.ridge_curves(**OPTIMIZER, steps=[0, 7])
        assert curves.weights is None and not curves.diverged
        assert curves.steps.dtype == np.int64


class TestTimes:
    def test_the_curves_cross_the_thresholds_there(self):
        sharp = predictions.ridge_grokking_times(**OPTIMIZER)
        for step, name in (
            (sharp.overfit_step, "train_loss"),
            (sharp.generalize_step, "test_loss"),
        ):
            steps = [math.floor(step), math.ceil(step)]
            curves = predictions.ridge_curves(**OPTIMIZER, steps=steps)
            before, after = getattr(curves, name)
            assert before > 0.01 > after
            share = step - steps[0]
            between = before ** (1 - share) * after**share
            assert between == pytest.approx(0.01, rel=1e-4)

    def test_with_rates_below_zero_they_are_the_whole_steps_of_the_definition(self):
        """η beyond 1/(λ + s) leaves no values between steps."""
        setting = dict(n_samples=5, n_features=200, weight_decay=1e-3, learning_rate=6.0)
        sharp = predictions.ridge_grokking_times(**setting)
        curves = predictions.ridge_curves(**setting, steps=np.arange(5000))
        times = gk.grokking_times(curves)
        assert (sharp.overfit_step, sharp.generalize_step) == (
            times.overfit_step,
            times.generalize_step,
        )

    def test_times_that_do_not_exist(self):
        small = predictions.ridge_grokking_times(init_variance=1e-4, **OPTIMIZER)
        assert small.overfit_step is None and small.generalize_step == 0
        assert "below 0.01 at every step" in small.reason
        never = predictions.ridge_grokking_times(weight_decay=0, learning_rate=1)
        assert never.generalize_step is None and "never reaches 0.01" in never.reason

    @pytest.mark.parametrize("lam", [2.7e-16, 1e-16, 1e-17, 3e-300])
    def test_steps_at_the_end_of_the_exact_integers(self, lam):
        """About 9·10¹⁵ and beyond: a number, or a reason."""
        times = predictions.ridge_grokking_times(weight_decay=lam, learning_rate=1.0)
        if times.generalize_step is None:
            assert lam < 2.7e-16 and "2**53" in times.reason
        else:
            closed = predictions.closed_form_generalize_step(weight_decay=lam, learning_rate=1.0)
            assert times.generalize_step == pytest.approx(closed, rel=1e-3)

    @pytest.mark.parametrize(
        ("change", "value"),
        [
            (dict(n_samples=1000), None),  # nothing unseen
            (dict(teacher_norm=4.0), None),  # c below what n samples leave
            (dict(weight_decay=0.0), None),  # never forgets
            (dict(n_samples=900, init_variance=0.05), None),  # what is seen decides
            (dict(init_variance=0.01), None),
            (dict(init_variance=0.0), 0.0),
            (dict(init_variance=0.001), 0.0),
        ],
    )
    def test_closed_form_at_its_ends(self, change, value):
        assert predictions.closed_form_generalize_step(**{**OPTIMIZER, **change}) == value

    @examples(200)
    @given(powers(-6, -3), st.integers(1, 999), powers(-3, 2), powers(-3.5, -1))
    def test_where_the_closed_form_answers_it_is_right(self, lam, n, variance, c):
        """Up to what a tenth of c in the seen part delays t2 by, and 1 − ηλ ≈ e^{−ηλ}."""
        setting = dict(n_samples=n, init_variance=variance, weight_decay=lam, learning_rate=1.0)
        setting |= dict(teacher_norm=0.5, test_threshold=c)
        closed = predictions.closed_form_generalize_step(**setting)
        if closed is None:
            return
        sharp = predictions.ridge_grokking_times(**setting).generalize_step
        room = c - (1 - n / 1000) * 0.25 / 1000
        delay = math.log(room / (room - c / 10)) / (2 * lam) if room > c / 10 else math.inf
        # Without a tenth of c to spare, the loss may not reach c at all.
        assert delay == math.inf or -1 - lam * closed <= sharp - closed <= delay + 1

    def test_with_every_floating_point_error_raised(self):
        with np.errstate(all="raise"):
            predictions.ridge_grokking_times(**OPTIMIZER)
            predictions.ridge_curves(**OPTIMIZER, steps=[0, 10, 10**9])
            predictions.closed_form_generalize_step(**OPTIMIZER)
            predictions.marchenko_pastur_density([0, 0.5, 1, 9], 1.0)


SIZES = dict(n_samples=60, n_features=300)


class TestSpread:
    @pytest.mark.parametrize(
        "change",
        [{}, dict(n_samples=200, label_noise=0.05), dict(covariance=SPECTRA["1/i"][:300] / 6)],
        ids=["few", "more, noisy", "power law"],
    )
    def test_it_is_the_scatter_of_draws(self, change):
        """Standard deviations of 100 draws, each known to 7%: within 25%."""
        setting = {**SIZES, "weight_decay": 1e-4, "learning_rate": 1.0, **change}
        optimizer = {name: setting.pop(name) for name in OPTIMIZER}
        times = [gk.exact_grokking_times(p, **optimizer) for p in draws(100, **setting)]
        spread = predictions.ridge_grokking_spread(**setting, **optimizer)
        for name in ("overfit_step", "generalize_step", "delay"):
            measured = np.std([getattr(t, name) for t in times], ddof=1)
            assert getattr(spread, name) == pytest.approx(measured, rel=0.25), name

    def test_times_that_do_not_exist_have_none(self):
        spread = predictions.ridge_grokking_spread(init_variance=1e-4, **OPTIMIZER)
        assert spread.overfit_step is None and spread.delay is None


class TestInverse:
    """Choose a delay, get the parameter."""

    def test_random_targets_are_hit(self):
        """The delay of one draw lies within 3.5 predicted standard deviations of the target."""
        rng = np.random.default_rng(53)
        off = []
        for seed in range(16):
            n = int(rng.integers(20, 200))
            size = dict(n_samples=n, n_features=int(n * rng.uniform(2, 8)))
            delay, learning_rate = 10 ** rng.uniform(3, 6), float(rng.choice([0.25, 1.0]))
            if seed % 2:
                optimizer = dict(learning_rate=learning_rate)
                found = predictions.weight_decay_for(delay=delay, **size, **optimizer)
                optimizer["weight_decay"] = found
            else:
                optimizer = dict(weight_decay=2 / (delay * learning_rate))
                optimizer["learning_rate"] = learning_rate
                found = predictions.init_variance_for(delay=delay, **size, **optimizer)
                size["init_variance"] = found
            times = predictions.ridge_grokking_times(**size, **optimizer)
            assert times.delay == pytest.approx(delay, rel=1e-9)
            problem = gk.gaussian_problem(**size, rng=np.random.default_rng([54, seed]))
            measured = gk.exact_grokking_times(problem, **optimizer).delay
            off.append(
                (measured - delay) / predictions.ridge_grokking_spread(**size, **optimizer).delay
            )
        assert np.max(np.abs(off)) < 3.5 and np.std(off) < 1.4

    def test_with_a_covariance(self):
        setting = dict(covariance=SPECTRA["1/i²"], n_samples=60, n_features=400)
        setting |= dict(learning_rate=0.3, test_threshold=0.02, label_noise=0.01)
        found = predictions.weight_decay_for(delay=1e5, **setting)
        times = predictions.ridge_grokking_times(weight_decay=found, **setting)
        assert times.delay == pytest.approx(1e5, rel=1e-9)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(delay=0), "delay=0: pass a number of steps above 0"),
            (dict(delay=1e5, test_threshold=5e-4), "delay=100000: no .* does not exist"),
            (dict(delay=1e5, train_threshold=1e5), "delay=100000: no .* does not exist"),
        ],
    )
    def test_delays_that_nothing_makes(self, change, words):
        with pytest.raises(ValueError, match=words):
            predictions.weight_decay_for(learning_rate=1.0, **change)

    def test_the_shortest_delay_is_said(self):
        """At λ = 10⁻⁴ a start that is just large enough for a t1 has a delay already."""
        with pytest.raises(ValueError, match=r"delay=1: no init_variance .* shortest is about 3"):
            predictions.init_variance_for(delay=1, **OPTIMIZER)


class TestPhaseDiagram:
    def random_setting(self, rng, largest_rate):
        n, m = (int(10 ** rng.uniform(0, 3)) for _ in range(2))
        setting = dict(n_samples=n, n_features=m, init_variance=10 ** rng.uniform(-3, 3))
        setting |= dict(teacher_norm=rng.choice([0.0, rng.uniform(0, 3)]))
        setting |= {
            name: 10 ** rng.uniform(-3, 0.5) for name in ("train_threshold", "test_threshold")
        }
        lam = rng.choice([0.0, *10 ** rng.uniform(-7, -2, 5)])
        limit = 1 / (lam + predictions.marchenko_pastur_edges(n / m)[1] / n)
        rate = min(rng.uniform(0.01, largest_rate) * limit, 0.9 / max(lam, 1e-9))
        return setting | dict(weight_decay=lam, learning_rate=rate)

    @pytest.mark.filterwarnings("ignore::grokedu.predictions.UntypicalWarning")
    def test_each_cell_is_the_scalar_prediction(self, kernels):
        """Within 10⁻⁴; within the one step of rounding where rates are negative."""
        rng = np.random.default_rng(55)
        settings = [self.random_setting(rng, 1 + (i % 4 == 0) * 0.9) for i in range(100)]
        columns = {name: [s[name] for s in settings] for name in settings[0]}
        maps = predictions.phase_diagram(**columns)
        for i, setting in enumerate(settings):
            times = predictions.ridge_grokking_times(**setting)
            for found, step in zip(maps, (times.overfit_step, times.generalize_step), strict=True):
                if step is None:
                    assert not np.isfinite(found[i]), setting
                else:
                    assert found[i] == pytest.approx(step, rel=1e-4, abs=i % 4 == 0 or 1e-6)

    def test_the_spread_is_above_the_limit_where_the_scalar_prediction_warns(self, kernels):
        """Where t2 is infinite, it is that of the last losses."""
        law = dict(n_features=300, learning_rate=1.0)
        settings = [
            law | dict(n_samples=n, weight_decay=lam, test_threshold=c)
            for n in (290, 300, 310)
            for lam in (1e-8, 1e-7, 1e-6, 1e-4)
            for c in (1e-6, 3e-5, 0.01)
        ]
        columns = {name: [s[name] for s in settings] for name in settings[0]}
        _, steps, spreads = predictions.phase_diagram(**columns, return_spread=True)
        warned = []
        for setting, step in zip(settings, steps, strict=True):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                if np.isfinite(step):
                    predictions.ridge_grokking_times(**setting)
                else:
                    del setting["test_threshold"]
                    predictions.ridge_curves(**setting, steps=[2**53])
            warned.append(bool(caught))
        np.testing.assert_array_equal(spreads > predictions.TYPICAL_SPREAD, warned)
        for ends in (np.isfinite(steps), np.isinf(steps)):
            assert 0 < np.sum(warned & ends) < ends.sum()

    def test_shapes_and_what_does_not_exist(self):
        overfit, generalize = predictions.phase_diagram(
            init_variance=[[1.0], [1e-4]],
            weight_decay=[1e-4, 0.0],
            learning_rate=1.0,
            test_threshold=0.01,
        )
        assert overfit.shape == generalize.shape == (2, 2)
        assert np.isnan(overfit[1]).all() and (generalize[1] == 0).all()
        assert generalize[0, 1] == np.inf and 0 < overfit[0, 0] < generalize[0, 0] < np.inf
        unstable = predictions.phase_diagram(weight_decay=[0.0, 0.0], learning_rate=[1.0, 200.0])
        assert np.isnan(unstable[0]).tolist() == [False, True]

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (dict(weight_decay=[-1.0, 0.1]), "weight_decay goes down to -1: .* 0 or more"),
            (dict(learning_rate=[0.0]), "learning_rate goes down to 0: .* above 0"),
            (dict(n_samples=[]), "n_samples is empty: pass a number"),
            (dict(n_samples=[1.5]), "n_samples contains numbers that are not whole"),
            (dict(n_features=[0]), "n_features goes down to 0: pass numbers, 1 or more"),
            (dict(weight_decay=[1e-3] * 3, init_variance=[1.0, 2.0]), r"weight_decay \(3,\)"),
        ],
    )
    def test_bad_input(self, change, words):
        with pytest.raises(ValueError, match=words):
            predictions.phase_diagram(**{**OPTIMIZER, **change})


BAD = [
    (dict(n_samples=0), ["n_samples=0", "at least 1"]),
    (dict(n_features=2.5), ["n_features=2.5", "whole number"]),
    (dict(init_variance=-1), ["init_variance=-1", "0 or more"]),
    (dict(teacher_norm=np.nan), ["teacher_norm=nan", "0 or more"]),
    (dict(weight_decay=-1), ["weight_decay=-1", "0 or more"]),
    (dict(learning_rate=0), ["learning_rate=0", "above 0"]),
    (dict(weight_decay=2), ["learning_rate=1", "weight_decay=2", "below 0.5"]),
]


class TestBadInput:
    @pytest.mark.parametrize(("change", "words"), BAD)
    @pytest.mark.parametrize("name", ["curves", "times", "closed form"])
    def test_message_names_argument_value_and_remedy(self, name, change, words):
        function = {
            "curves": lambda **given: predictions.ridge_curves(**given, steps=[0]),
            "times": predictions.ridge_grokking_times,
            "closed form": predictions.closed_form_generalize_step,
        }[name]
        with pytest.raises(ValueError) as error:
            function(**{**OPTIMIZER, **change})
        assert all(word in str(error.value) for word in words)

    def test_an_unstable_step_size(self):
        with pytest.raises(ValueError, match=r"learning_rate=200 .* 115.* typical problem"):
            predictions.ridge_curves(weight_decay=0, learning_rate=200, steps=[0])

    @pytest.mark.parametrize("steps", [[-1], [2, 1], [0.5], ["a"], [np.nan], []])
    def test_steps(self, steps):
        with pytest.raises(ValueError, match="steps"):
            predictions.ridge_curves(**OPTIMIZER, steps=steps)

    def test_ratio_and_probability(self):
        with pytest.raises(ValueError, match="ratio=0: pass n/m"):
            predictions.marchenko_pastur_edges(0)
        with pytest.raises(ValueError, match="eigenvalues is not an array of numbers"):
            predictions.marchenko_pastur_density(["a"], 0.5)
        for bad in (0, 1, 2, -1, np.nan):
            with pytest.raises(ValueError, match=f"failure_probability={bad}: .* below 1"):
                predictions.smallest_eigenvalue_at_least(1, 9, failure_probability=bad)
        with pytest.raises(ValueError, match="n_samples=-1: pass a whole number"):
            predictions.smallest_eigenvalue_at_least(-1, 9, failure_probability=0.1)
