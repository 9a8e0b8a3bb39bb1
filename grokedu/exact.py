"""Gradient descent on ridge regression in closed form, at any step.

Split R^m into the row space of Φ, what the data see, and its complement, which they never see.
In the row space, along each right singular vector v_i with s_i = μ_i / n,

    a_i(t) = a_i^∞ + ρ_i^t (a_i(0) − a_i^∞),   ρ_i = 1 − η(s_i + λ),

and in the complement θ⊥(t) = (1 − ηλ)^t θ⊥(0): only weight decay acts there.
"""

import numpy as np

from grokedu.checks import check_number, check_steps, check_thresholds
from grokedu.crossings import DecayingForm, first_at_most, last_at_least
from grokedu.grokking import GrokkingTimes, Reason, Why
from grokedu.ridge import check_gradient_descent, covariance_times
from grokedu.trajectory import Trajectory


def exact_ridge(problem, *, weight_decay, learning_rate, steps):
    """The losses that `train_ridge` computes, from one eigendecomposition and without iterating.

    Parameters
    ----------
    problem : RidgeProblem
    weight_decay, learning_rate : float
        λ and η, as in `train_ridge`.
    steps : (k,) array of whole numbers
        Any steps ≥ 0, increasing, up to 2⁵³ ≈ 9·10¹⁵.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        As `train_ridge`, and for steps that are negative, fractional or not increasing.
    """
    weight_decay, learning_rate = check_gradient_descent(problem, weight_decay, learning_rate)
    steps = check_steps(steps)
    motion = _Motion(problem, weight_decay, learning_rate)
    return Trajectory(
        steps=steps,
        train_loss=motion.train_form().at(steps),
        test_loss=motion.test_form().at(steps),
        weights=motion.weights_at(steps[-1]),
    )


def exact_grokking_times(
    problem, *, weight_decay, learning_rate, train_threshold=0.01, test_threshold=0.01
):
    """t1 and t2 as exact integers, without a limit on the number of steps.

    The closed form is searched by branch and bound, so curves that rise and fall are safe: t1 is
    truly the last step with training loss ≥ ε, t2 truly the first with test loss ≤ c.

    Parameters
    ----------
    problem : RidgeProblem
    weight_decay, learning_rate : float
        λ and η, as in `train_ridge`.
    train_threshold, test_threshold : float
        ε and c, as in `grokking_times`.

    Returns
    -------
    GrokkingTimes
        A time is None, with the reason, if it does not exist: the training loss starts and stays
        below ε, or never settles below it; the test loss never reaches c.

    Raises
    ------
    ValueError
        As `train_ridge` and `grokking_times`.
    """
    weight_decay, learning_rate = check_gradient_descent(problem, weight_decay, learning_rate)
    train_threshold, test_threshold = check_thresholds(train_threshold, test_threshold)
    motion = _Motion(problem, weight_decay, learning_rate)
    return crossing_times(motion.train_form(), motion.test_form(), train_threshold, test_threshold)


def ridge_solution(problem, *, weight_decay):
    """θ*_λ = argmin (1/2n)‖Φθ − y‖² + (λ/2)‖θ‖², where gradient descent ends for λ > 0.

    For λ = 0 it is the interpolator of least norm, the limit of θ*_λ as λ → 0.

    Returns
    -------
    (m,) float64
    """
    remedy = "pass a number, 0 or more"
    weight_decay = check_number("weight_decay", weight_decay, at_least=0, remedy=remedy)
    spectrum = problem.spectrum
    shrunk = spectrum.eigenvalues + problem.n_samples * weight_decay
    return problem.features.T @ (spectrum.left @ (spectrum.left.T @ problem.targets / shrunk))


def crossing_times(train_form, test_form, train_threshold, test_threshold):
    """t1 and t2 of two loss curves given as `DecayingForm`."""
    reasons = []
    overfit_step = last_at_least(train_form, train_threshold)
    if overfit_step is None:
        reasons.append(Reason(Why.TRAIN_BELOW_FROM_THE_START, train_threshold))
    elif overfit_step == np.inf:
        limit = float(train_form.at(np.inf)[0])
        settles = limit < train_threshold
        why = Why.TRAIN_SETTLES_BEYOND_THE_LAST_STEP if settles else Why.TRAIN_NEVER_SETTLES
        reasons.append(Reason(why, train_threshold, limit))
        overfit_step = None
    generalize_step = first_at_most(test_form, test_threshold)
    if generalize_step is None:
        limit = float(test_form.at(np.inf)[0])
        reached = limit < test_threshold
        why = Why.TEST_REACHED_BEYOND_THE_LAST_STEP if reached else Why.TEST_NEVER_REACHED
        reasons.append(Reason(why, test_threshold, limit))
    return GrokkingTimes(overfit_step, generalize_step, tuple(reasons))


class _Motion:
    """δ(t) = θ(t) − θ* in coordinates in which every one of them decays by itself.

    The coordinates are the r right singular vectors, then the direction of θ⊥(0), then what is
    left of θ*⊥, along which nothing moves.
    """

    def __init__(self, problem, weight_decay, learning_rate):
        self.problem = problem
        spectrum = problem.spectrum
        self.singular = np.sqrt(spectrum.eigenvalues)
        curvature = spectrum.eigenvalues / problem.n_samples
        noise = problem.targets - problem.features @ problem.teacher
        self.noise = spectrum.left.T @ noise
        unexplained = noise - spectrum.left @ self.noise
        self.unexplained = unexplained @ unexplained
        start = self._along(problem.initial_weights)
        teacher = self._along(problem.teacher)
        # Where mode i ends, seen from the teacher: shrinkage by λ, plus the fitted noise.
        pull = self.singular * self.noise / problem.n_samples
        end = (pull - weight_decay * teacher) / (curvature + weight_decay)

        unseen_start = problem.initial_weights - self._from_modes(start)
        unseen_teacher = problem.teacher - self._from_modes(teacher)
        self.start_direction, start_length = _unit(unseen_start, problem.initial_weights)
        overlap = self.start_direction @ unseen_teacher
        unseen_teacher = unseen_teacher - overlap * self.start_direction
        self.teacher_direction, teacher_length = _unit(unseen_teacher, problem.teacher)

        self.start, self.start_length = start, start_length
        self.teacher, self.teacher_length, self.overlap = teacher, teacher_length, overlap
        self.offset = np.concatenate([end, [-overlap, -teacher_length]])
        self.amplitude = np.concatenate([start - teacher - end, [start_length, 0.0]])
        self.drop = learning_rate * np.concatenate([curvature + weight_decay, [weight_decay, 0.0]])

    def train_form(self):
        """The residual along u_i is √μ_i δ_i − ξ_i, with ξ the label noise."""
        n_samples = self.problem.n_samples
        modes = slice(0, len(self.singular))
        return DecayingForm(
            offset=self.singular * self.offset[modes] - self.noise,
            amplitude=self.singular * self.amplitude[modes],
            drop=self.drop[modes],
            form=np.full(len(self.singular), 1 / (2 * n_samples)),
            constant=self.unexplained / (2 * n_samples),
        )

    def test_form(self):
        """δᵀΣδ − 2⟨E φR, δ⟩ + E R² in these coordinates, as one square plus a constant."""
        problem = self.problem
        if problem.covariance.ndim == 0 and problem.misfit_moment is None:
            form = np.full(len(self.offset), float(problem.covariance))
            return DecayingForm(self.offset, self.amplitude, self.drop, form)
        from_modes = problem.spectrum.left / self.singular
        basis = np.column_stack(
            [problem.features.T @ from_modes, self.start_direction, self.teacher_direction]
        )
        form = basis.T @ self._weighted_basis(from_modes)
        if problem.misfit_moment is None:
            return DecayingForm(self.offset, self.amplitude, self.drop, form)
        moment = basis.T @ problem.misfit_moment
        best = np.linalg.lstsq(form, moment, rcond=1e-14)[0]
        left = max(problem.misfit_power - best @ moment, 0.0)
        return DecayingForm(self.offset - best, self.amplitude, self.drop, form, left)

    def _weighted_basis(self, from_modes):
        """Σ times the basis. A large Σ is multiplied once per problem, not once per run."""
        if isinstance(self.problem.covariance, np.ndarray):
            basis = [
                self.problem.features.T @ from_modes,
                self.start_direction,
                self.teacher_direction,
            ]
            return covariance_times(self.problem.covariance, np.column_stack(basis))
        products = self.problem.population_products
        to_features = products[:, :-2] @ from_modes
        start = self._weighted_direction(
            products[:, -2] - to_features @ self.start,
            self.start_direction,
            self.start_length,
            self.problem.initial_weights,
        )
        teacher = self._weighted_direction(
            products[:, -1] - to_features @ self.teacher - self.overlap * start,
            self.teacher_direction,
            self.teacher_length,
            self.problem.teacher,
        )
        return np.column_stack([to_features, start, teacher])

    def _weighted_direction(self, image, direction, length, whole):
        """Σ times a direction, given the image of `length` times it.

        That image is a difference. Where it is small against the whole it has lost its digits, and
        a product of its own is worth its price.
        """
        if length == 0:
            return np.zeros_like(image)
        if length < 1e-3 * np.linalg.norm(whole):
            return covariance_times(self.problem.covariance, direction)
        return image / length

    def weights_at(self, step):
        one = DecayingForm(self.offset, self.amplitude, self.drop, np.ones(len(self.offset)))
        delta = one.coordinates_at(step)[0]
        return (
            self.problem.teacher
            + self._from_modes(delta[:-2])
            + delta[-2] * self.start_direction
            + delta[-1] * self.teacher_direction
        )

    def _along(self, weights):
        """The coordinates v_iᵀ weights."""
        return self.problem.spectrum.left.T @ (self.problem.features @ weights) / self.singular

    def _from_modes(self, coordinates):
        """Σ_i coordinates_i v_i."""
        return self.problem.features.T @ (
            self.problem.spectrum.left @ (coordinates / self.singular)
        )


def _unit(vector, whole):
    """Direction and length of `vector`; zero if it is a rounding error of the vector `whole`."""
    length = np.linalg.norm(vector)
    if length <= 1e-13 * np.linalg.norm(whole):
        return np.zeros_like(vector), 0.0
    return vector / length, float(length)
