"""Limiting spectra: nodes and weights have the moments and traces that they must have."""

import math

import numpy as np
import pytest
from draws import examples, powers
from hypothesis import given
from hypothesis import strategies as st

from grokedu import spectra


def moment(power, ratio):
    """∫ μ^power dMP for n/m = `ratio`, of ΦΦᵀ with its n eigenvalues μ."""
    n, m = round(1000 * ratio), 1000
    limit = spectra.isotropic_spectrum(n, m, 1 / m)
    return np.sum(limit.share * (n * limit.curvature) ** power)


class TestIsotropic:
    @pytest.mark.parametrize("ratio", [0.001, 0.1, 0.5, 0.9, 0.999])
    def test_moments(self, ratio):
        """∫ dMP = 1, ∫ μ dMP = 1, ∫ μ² dMP = 1 + q, ∫ μ³ dMP = 1 + 3q + q²."""
        found = [moment(power, ratio) for power in range(4)]
        exact = [1, 1, 1 + ratio, 1 + 3 * ratio + ratio**2]
        np.testing.assert_allclose(found, exact, rtol=1e-12)

    @pytest.mark.parametrize("ratio", [1.001, 1.5, 2.0, 10.0])
    def test_more_samples_than_features(self, ratio):
        """Of n eigenvalues m are positive: mass 1/q, but the same mean and second moment."""
        found = [moment(power, ratio) for power in range(3)]
        np.testing.assert_allclose(found, [1 / ratio, 1, 1 + ratio], rtol=1e-12)

    @pytest.mark.parametrize("ratio", [0.1, 0.5, 0.999, 2.0])
    def test_mean_of_the_inverse(self, ratio):
        """∫ μ^{−1} dMP = 1/(1 − q) for q < 1, and 1/(q(q − 1)) for q > 1."""
        exact = 1 / (1 - ratio) if ratio < 1 else 1 / (ratio * (ratio - 1))
        assert moment(-1, ratio) == pytest.approx(exact, rel=1e-11)

    @examples(100)
    @given(st.integers(1, 10**4), st.integers(1, 10**4), powers(-14, 2))
    def test_its_resolvent_at_any_lambda(self, n, m, lam):
        """(1/n) tr (ΦΦᵀ/n + λ)^{-1} = 1/κ, κ = λ + κ/(n (σ + κ)) · mσ, σ = 1/m."""
        limit = spectra.isotropic_spectrum(n, m, 1 / m)
        half = (lam + 1 / n - 1 / m) / 2
        root = math.hypot(half, math.sqrt(lam / m))
        kappa = half + root if half > 0 else lam / m / (root - half)
        found = np.sum(limit.share / (limit.curvature + lam)) + max(1 - m / n, 0) / lam
        assert found * kappa == pytest.approx(1, rel=1e-9)


values_and_counts = st.lists(
    st.tuples(powers(-4, 0), st.integers(1, 20)), min_size=1, max_size=12, unique_by=lambda x: x[0]
).map(lambda pairs: tuple(map(np.array, zip(*sorted(pairs), strict=True))))


class TestAnyCovariance:
    @examples(100)
    @given(values_and_counts, st.integers(1, 150))
    def test_masses_and_means(self, sigma, n):
        """Mass min(1, rank/n), (1/n) tr ΦᵀΦ/n = tr Σ/n, Σ_i v_iᵀΣv_i = tr Σ − nκ, and
        tr ΣΦᵀΦ/n = tr Σ²."""
        values, counts = sigma
        limit = spectra.spectrum(values, counts, n)
        trace = counts @ values
        assert limit.share.sum() == pytest.approx(min(1, counts.sum() / n), rel=2e-6)
        assert limit.share @ limit.curvature == pytest.approx(trace / n, rel=2e-6)
        assert limit.power.sum() + limit.unseen_power == pytest.approx(trace, rel=2e-6)
        assert limit.power @ limit.curvature == pytest.approx(counts @ values**2, rel=2e-6)
        assert np.all(limit.curvature <= limit.largest * (1 + 1e-9))

    @examples(100)
    @given(values_and_counts, st.integers(1, 150), powers(-5, 1))
    def test_its_resolvents(self, sigma, n, lam):
        """(1/n) tr (ΦΦᵀ/n + λ)^{-1} = 1/κ and tr Σ(ΦᵀΦ/n + λ)^{-1} = n (κ/λ − 1)."""
        values, counts = sigma
        limit = spectra.spectrum(values, counts, n)
        kappa = spectra.effective_decay(values, counts, n, lam)
        inverse = 1 / (limit.curvature + lam)
        found = limit.share @ inverse + max(1 - counts.sum() / n, 0) / lam
        assert found == pytest.approx(1 / kappa, rel=1e-5)
        found = limit.power @ inverse + limit.unseen_power / lam
        assert found == pytest.approx(n * (kappa / lam - 1), rel=1e-5)

    def test_separate_groups_have_their_own_intervals(self):
        """Eigenvalues near 100, 10 and 1 cannot be mistaken for each other with n = 1000."""
        values, counts = np.array([1.0, 10.0, 100.0]), np.array([30, 20, 10])
        limit = spectra.spectrum(values, counts, 1000)
        for value, count in zip(values, counts, strict=True):
            near = np.abs(np.log(limit.curvature / value)) < 1
            assert limit.share[near].sum() == pytest.approx(count / 1000, rel=1e-5)

    @pytest.mark.parametrize("smallest", [1e-9, 1e-100, 1e-300])
    def test_as_many_samples_as_eigenvalues_of_any_size(self, smallest):
        """n = rank: eigenvalues reach down to 0, and all nodes stay positive."""
        limit = spectra.spectrum(np.array([smallest, 1.0, 30.0]), np.ones(3, dtype=int), 3)
        assert np.all(limit.curvature > 0) and np.all(np.isfinite(limit.power))
        assert limit.share.sum() == pytest.approx(1, rel=1e-6)
        assert limit.power @ limit.curvature == pytest.approx(901, rel=1e-6)

    def test_equal_up_to_rounding_is_equal(self):
        rng = np.random.default_rng(0)
        rounded = np.sort(1 + 1e-15 * rng.standard_normal(300))
        ours = spectra.spectrum(rounded, np.ones(300, dtype=int), 100)
        exact = spectra.isotropic_spectrum(100, 300, 1.0)
        assert ours.largest == pytest.approx(exact.largest, rel=1e-12)
        for power in (-1, 0, 1, 2):
            for name in ("share", "power"):
                found, expected = (getattr(s, name) @ s.curvature**power for s in (ours, exact))
                assert found == pytest.approx(expected, rel=1e-9)

    def test_eigenvalues_of_draws_follow_it(self):
        """Shares below any curvature, of 10 draws: within 2%."""
        sigma = np.arange(1, 801) ** -1.0
        limit = spectra.spectrum(np.sort(sigma), np.ones(800, dtype=int), 200)
        rng = np.random.default_rng(1)
        found = []
        for _ in range(10):
            features = rng.standard_normal((200, 800)) * np.sqrt(sigma)
            found.append(np.linalg.eigvalsh(features @ features.T / 200))
        for edge in np.quantile(found, np.linspace(0.05, 0.95, 19)):
            share = limit.share[limit.curvature <= edge].sum()
            assert np.mean(np.array(found) <= edge) == pytest.approx(share, abs=0.02)
