"""All compiled code: plain arrays and floats in, arrays out; no randomness, defaults or checks.

Everything lives in one file because numba's cache only notices changes in the file of the
function itself. Each kernel advances a state in place and fills one entry of `train_loss` and
`test_loss` per step, so a caller can run it in pieces. It returns the number of steps done,
which is smaller than asked only when a loss stopped being finite.
"""

import llvmlite.binding
import numba
import numpy as np
from numba import types
from numba.extending import get_cython_function_address, overload


def _compiler(*fastmath, **more):
    """A decorator that compiles, and keeps what it compiled for the next process where it can."""

    def compiled(function):
        options = dict(nogil=True, fastmath=set(fastmath), error_model="numpy", **more)
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # neither the package nor a home can be written to
            return numba.njit(**options)(function)

    return compiled


# "contract" permits fused multiply-adds and nothing else: NaN and infinity keep their meaning.
_compile = _compiler("contract")
# For what is shared by the kernels of gradient descent, where a call in every step shows.
_inline = _compiler("contract", inline="always")
# Sums over neurons may be reordered too, without which they do not vectorize. NaN and infinity
# still keep their meaning.
_compile_sums = _compiler("contract", "reassoc", "nsz")


# BLAS's product of matrices, as SciPy publishes it, under a name that compiled code can call.
llvmlite.binding.add_symbol(
    "grokedu_dgemm", get_cython_function_address("scipy.linalg.cython_blas", "dgemm")
)
_dgemm = types.ExternalFunction("grokedu_dgemm", types.void(*[types.uintp] * 13))
_LETTERS = np.frombuffer(b"NT", dtype=np.uint8)  # as it is, transposed


@_compile
def _times(matrix, vector, out):
    """out = matrixᵀ @ vector, which for a symmetric matrix is matrix @ vector.

    Rows are added four at a time: no sum is reordered, and the loop over columns vectorizes.
    Up to a few hundred rows this is as fast as BLAS and needs no call.
    """
    n_rows, n_columns = matrix.shape
    out[:] = 0.0
    in_fours = n_rows - n_rows % 4
    for i in range(0, in_fours, 4):
        a, b, c, d = vector[i], vector[i + 1], vector[i + 2], vector[i + 3]
        for j in range(n_columns):
            out[j] += (
                matrix[i, j] * a
                + matrix[i + 1, j] * b
                + matrix[i + 2, j] * c
                + matrix[i + 3, j] * d
            )
    for i in range(in_fours, n_rows):
        for j in range(n_columns):
            out[j] += matrix[i, j] * vector[i]


@_compile
def _dot(left, right):
    total = 0.0
    for i in range(len(left)):
        total += left[i] * right[i]
    return total


@_compile
def _squared_distance(left, right):
    total = 0.0
    for i in range(len(left)):
        total += (left[i] - right[i]) ** 2
    return total


@_compile
def _add_rows(matrix, rows, factors, out):
    """out += Σ_k factors[k] · matrix[rows[k]], four rows at a time like `_times`."""
    n_columns = matrix.shape[1]
    in_fours = len(rows) - len(rows) % 4
    for k in range(0, in_fours, 4):
        i, j, p, q = rows[k], rows[k + 1], rows[k + 2], rows[k + 3]
        a, b, c, d = factors[k], factors[k + 1], factors[k + 2], factors[k + 3]
        for column in range(n_columns):
            out[column] += (
                matrix[i, column] * a
                + matrix[j, column] * b
                + matrix[p, column] * c
                + matrix[q, column] * d
            )
    for k in range(in_fours, len(rows)):
        for column in range(n_columns):
            out[column] += matrix[rows[k], column] * factors[k]


@_inline
def _primal_test_loss(weights, error, covariance, test_targets, scratch):
    """The test loss of `weights`, with `error` = θ − θ*; `scratch` is as long as Σ has rows."""
    if len(test_targets) > 0:
        np.dot(covariance, weights, scratch)
        return _squared_distance(scratch, test_targets) / len(test_targets)
    if covariance.shape[0] == 1:
        for j in range(len(error)):
            scratch[j] = covariance[0, j] * error[j]
    else:
        _times(covariance, error, scratch)
    return _dot(error, scratch)


@_compile
def ridge_primal(
    features,
    targets,
    teacher,
    covariance,
    test_targets,
    weight_decay,
    learning_rate,
    weights,
    train_loss,
    test_loss,
):
    """Gradient descent on θ itself: θ ← (1 − ηλ) θ − (η/n) Φᵀ(Φθ − y).

    State: `weights` (m,). `covariance` is (1, m) for a diagonal or (m, m) for a full matrix. Where
    `test_targets` (p,) is not empty, `covariance` holds the test rows (p, m) instead.
    """
    n_samples, n_features = features.shape
    keep = 1.0 - learning_rate * weight_decay
    rate = learning_rate / n_samples
    gradient = np.empty(n_features)
    error = np.empty(n_features)
    scratch = np.empty(len(test_targets) if len(test_targets) > 0 else n_features)
    residual = np.dot(features, weights)
    for i in range(n_samples):
        residual[i] -= targets[i]
    for step in range(len(train_loss)):
        _times(features, residual, gradient)
        for j in range(n_features):
            weights[j] = keep * weights[j] - rate * gradient[j]
            error[j] = weights[j] - teacher[j]
        np.dot(features, weights, residual)
        for i in range(n_samples):
            residual[i] -= targets[i]
        train_loss[step] = _dot(residual, residual) / (2 * n_samples)
        test_loss[step] = _primal_test_loss(weights, error, covariance, test_targets, scratch)
        if not np.isfinite(train_loss[step] + test_loss[step]):
            return step + 1
    return len(train_loss)


@_inline
def _dual_test_loss(x, coefficients, image, scale, start_moment, teacher_moment, constants):
    """The test loss as a form in (x, β), where ΦΣΦᵀβ = `scale` · `image`."""
    linear = 0.0
    quadratic = 0.0
    for i in range(len(coefficients)):
        linear += (x * start_moment[i] - teacher_moment[i]) * coefficients[i]
        quadratic += coefficients[i] * (scale * image[i])
    return x * (x * constants[0] - 2 * constants[1]) + constants[2] + 2 * linear + quadratic


@_compile
def ridge_dual(
    gram,
    test_gram,
    scale,
    start_fit,
    targets,
    start_moment,
    teacher_moment,
    constants,
    weight_decay,
    learning_rate,
    shrink,
    coefficients,
    fit,
    train_loss,
    test_loss,
):
    """The same gradient descent in n numbers: θ(t) = x θ(0) + Φᵀβ, with x = (1 − ηλ)^t.

    β ← (1 − ηλ) β − (η/n) r with r = x Φθ(0) + Kβ − y. The test loss (θ − θ*)ᵀΣ(θ − θ*) becomes
    a quadratic form in (x, β) whose parts are computed once.

    State: `shrink` (1,) holds x, `coefficients` (n,) holds β, `fit` (n,) holds Kβ.
    `gram` is K = ΦΦᵀ; `test_gram` is ΦΣΦᵀ, or empty when Σ = `scale` · I, which saves a product.
    `start_fit` = Φθ(0), `start_moment` = ΦΣθ(0), `teacher_moment` = ΦΣθ*, and `constants` =
    (θ(0)ᵀΣθ(0), θ(0)ᵀΣθ*, θ*ᵀΣθ*).

    Where `constants` is empty, the test loss is the sum of squares of Aβ + x·b − c instead, which
    keeps the digits that a difference of large forms would lose: `test_gram` is then Aᵀ (n, q),
    `start_moment` b and `teacher_moment` c.
    """
    n_samples = len(targets)
    keep = 1.0 - learning_rate * weight_decay
    rate = learning_rate / n_samples
    isotropic = test_gram.size == 0
    on_rows = constants.size == 0
    image = np.empty(len(start_moment))
    for step in range(len(train_loss)):
        x = shrink[0]
        for i in range(n_samples):
            residual = x * start_fit[i] + fit[i] - targets[i]
            coefficients[i] = keep * coefficients[i] - rate * residual
        x *= keep
        shrink[0] = x
        _times(gram, coefficients, fit)

        squares = 0.0
        for i in range(n_samples):
            residual = x * start_fit[i] + fit[i] - targets[i]
            squares += residual * residual
        train_loss[step] = squares / (2 * n_samples)
        if not isotropic:
            _times(test_gram, coefficients, image)
        if on_rows:
            for i in range(len(image)):
                image[i] += x * start_moment[i]
            test_loss[step] = _squared_distance(image, teacher_moment)
        else:
            test_loss[step] = _dual_test_loss(
                x,
                coefficients,
                fit if isotropic else image,
                scale if isotropic else 1.0,
                start_moment,
                teacher_moment,
                constants,
            )
        if not np.isfinite(train_loss[step] + test_loss[step]):
            return step + 1
    return len(train_loss)


@_compile
def _slope(logistic, output, target):
    """The derivative of one sample's loss with respect to its output."""
    if logistic:
        return -target / (1.0 + np.exp(target * output))
    return output - target


@_compile
def _data_loss(logistic, outputs, targets):
    """(1/2n) Σ (f_i − y_i)², or (1/n) Σ ln(1 + e^{−y_i f_i})."""
    total = 0.0
    for i in range(len(targets)):
        if logistic:
            margin = targets[i] * outputs[i]
            total += max(-margin, 0.0) + np.log1p(np.exp(-abs(margin)))
        else:
            total += 0.5 * (outputs[i] - targets[i]) ** 2
    return total / len(targets)


@_compile
def _batch_slopes(logistic, outputs, targets, rows, slopes):
    """The derivative of the batch's mean loss with respect to the outputs of its rows."""
    for k in range(len(rows)):
        slopes[k] = _slope(logistic, outputs[rows[k]], targets[rows[k]]) / len(rows)


GRADIENT_DESCENT, ADAM, ADAMW = 0, 1, 2
FIRST_BETA, SECOND_BETA, ADAM_EPSILON = 0.9, 0.999, 1e-8


@_compile
def optimizer_primal(
    features,
    targets,
    teacher,
    covariance,
    test_targets,
    rule,
    logistic,
    weight_decay,
    momentum,
    begun,
    step_sizes,
    batches,
    first,
    last,
    weights,
    mean,
    mean_square,
    train_loss,
    test_loss,
):
    """Any rule, loss and batches on θ itself, as `torch.optim` has them.

    Step k takes the rows `batches[first[k]:last[k]]`, with step size `step_sizes[k]`, after `begun`
    steps. State: `weights` (m,); `mean` (m,), the velocity of gradient descent or Adam's mean of
    gradients; `mean_square` (m,). The other arrays are those of `ridge_primal`.
    """
    n_features = features.shape[1]
    gradient = np.empty(n_features)
    error = np.empty(n_features)
    scratch = np.empty(len(test_targets) if len(test_targets) > 0 else n_features)
    slopes = np.empty(len(targets))
    outputs = np.dot(features, weights)
    for step in range(len(train_loss)):
        rate = step_sizes[step]
        rows = batches[first[step] : last[step]]
        _batch_slopes(logistic, outputs, targets, rows, slopes)
        coupled_decay = 0.0 if rule == ADAMW else weight_decay
        for j in range(n_features):
            gradient[j] = coupled_decay * weights[j]
        _add_rows(features, rows, slopes, gradient)
        if rule == GRADIENT_DESCENT:
            for j in range(n_features):
                mean[j] = momentum * mean[j] + gradient[j]
                weights[j] -= rate * mean[j]
        else:
            keep = 1.0 - rate * weight_decay if rule == ADAMW else 1.0
            size = rate / (1.0 - FIRST_BETA ** (begun + step + 1))
            debias = np.sqrt(1.0 - SECOND_BETA ** (begun + step + 1))
            for j in range(n_features):
                g = gradient[j]
                mean[j] += (1.0 - FIRST_BETA) * (g - mean[j])
                mean_square[j] = SECOND_BETA * mean_square[j] + (1.0 - SECOND_BETA) * g * g
                move = mean[j] / (np.sqrt(mean_square[j]) / debias + ADAM_EPSILON)
                weights[j] = keep * weights[j] - size * move
        for j in range(n_features):
            error[j] = weights[j] - teacher[j]
        np.dot(features, weights, outputs)
        train_loss[step] = _data_loss(logistic, outputs, targets)
        test_loss[step] = _primal_test_loss(weights, error, covariance, test_targets, scratch)
        if not np.isfinite(train_loss[step] + test_loss[step]):
            return step + 1
    return len(train_loss)


@_compile
def optimizer_dual(
    maps,
    scale,
    start_fit,
    targets,
    start_moment,
    teacher_moment,
    constants,
    logistic,
    weight_decay,
    momentum,
    step_sizes,
    batches,
    first,
    last,
    shrink,
    coefficients,
    images,
    train_loss,
    test_loss,
):
    """Gradient descent of any loss, with momentum and batches, in n numbers: θ = x θ(0) + Φᵀβ.

    The rows of `maps` (n, n + q) are those of K = ΦΦᵀ and, beside them, of `test_gram`. So a batch
    moves what they make of β by a few rows, and no step needs a whole product.

    State, with velocities in the second row: `shrink` (2, 1) holds x, `coefficients` (2, n) holds
    β, `images` (2, n + q) holds β @ maps. The other arrays are those of `ridge_dual`.
    """
    n_samples = len(targets)
    isotropic = maps.shape[1] == n_samples
    on_rows = constants.size == 0
    slopes = np.empty(n_samples)
    outputs = shrink[0, 0] * start_fit + images[0, :n_samples]
    for step in range(len(train_loss)):
        rows = batches[first[step] : last[step]]
        _batch_slopes(logistic, outputs, targets, rows, slopes)
        for state in (shrink, coefficients, images):
            for j in range(state.shape[1]):
                state[1, j] = momentum * state[1, j] + weight_decay * state[0, j]
        for k in range(len(rows)):
            coefficients[1, rows[k]] += slopes[k]
        _add_rows(maps, rows, slopes, images[1])
        for state in (shrink, coefficients, images):
            for j in range(state.shape[1]):
                state[0, j] -= step_sizes[step] * state[1, j]
        x = shrink[0, 0]
        for i in range(n_samples):
            outputs[i] = x * start_fit[i] + images[0, i]
        train_loss[step] = _data_loss(logistic, outputs, targets)
        image = images[0] if isotropic else images[0, n_samples:]
        if on_rows:
            total = 0.0
            for i in range(len(image)):
                total += (image[i] + x * start_moment[i] - teacher_moment[i]) ** 2
            test_loss[step] = total
        else:
            test_loss[step] = _dual_test_loss(
                x,
                coefficients[0],
                image,
                scale if isotropic else 1.0,
                start_moment,
                teacher_moment,
                constants,
            )
        if not np.isfinite(train_loss[step] + test_loss[step]):
            return step + 1
    return len(train_loss)


@_compile_sums
def _to_residuals(outputs, targets, rate):
    """Turn outputs into residuals times `rate`, in place. Return the sum of their squares."""
    squares = 0.0
    for i in range(outputs.shape[0]):
        for c in range(outputs.shape[1]):
            residual = outputs[i, c] - targets[i, c]
            squares += residual * residual
            outputs[i, c] = rate * residual
    return squares


def _product(left, right, out):
    """out ← left right."""
    out[:] = left @ right


def _descend(weights, keep, below, errors):
    """weights ← keep · weights − belowᵀ errors, for (d, m), (n, d) and (n, m) arrays."""
    weights *= keep
    weights -= below.T @ errors


@_compile
def _gemm(left_is_transposed, factor, left, right, keep, out):
    """out ← keep · out + factor · left right, or leftᵀ right, without a copy of anything.

    Rows must be contiguous, but may be parts of longer rows. numba's `np.dot` can neither add to
    its result nor write to a part of an array.
    """
    # BLAS goes down columns first, so it sees all matrices transposed. As whole numbers it takes 32
    # bits or 64, and finds either here: the low bits come first.
    numbers = np.array(
        [
            out.shape[1], out.shape[0], right.shape[0],
            right.strides[0] // 8, left.strides[0] // 8, out.strides[0] // 8,
        ]
    )  # fmt: skip
    factors = np.array([factor, keep])
    first, letter, scale = numbers.ctypes.data, _LETTERS.ctypes.data, factors.ctypes.data
    _dgemm(
        letter, letter + left_is_transposed, first, first + 8, first + 16,
        scale, right.ctypes.data, first + 24, left.ctypes.data, first + 32,
        scale + 8, out.ctypes.data, first + 40,
    )  # fmt: skip
    return numbers.size + factors.size  # which keeps both alive until here


@overload(_product)
def _compiled_product(left, right, out):
    return lambda left, right, out: _gemm(0, 1.0, left, right, 0.0, out)


@overload(_descend)
def _compiled_descend(weights, keep, below, errors):
    return lambda weights, keep, below, errors: _gemm(1, -1.0, below, errors, keep, weights)


@_compile
def _rectify(signals):
    for i in range(signals.shape[0]):
        for j in range(signals.shape[1]):
            signals[i, j] = 0.0 if signals[i, j] <= 0.0 else signals[i, j]


@_compile
def _step(weights, velocity, momentum, decay, below, errors):
    """One step of weights (d, m) along −belowᵀ errors: plain, or heavy ball."""
    if momentum == 0.0:
        _descend(weights, 1.0 - decay, below, errors)
    else:
        _accumulate_decay(velocity, momentum, weights, -decay)
        _descend(velocity, 1.0, below, errors)
        _move(weights, -1.0, velocity)


_NEURONS_AT_ONCE = 128


@_compile_sums
def _add_outputs(signals, part, output_weights, outputs):
    """outputs ← outputs + σ(signals) · output_weights, for a part of the neurons."""
    # Rows of the whole array are known to be contiguous, those of a part of it are not.
    some_weights = output_weights[part]
    for i in range(signals.shape[0]):
        row = signals[i, part]
        output = 0.0
        for j in range(len(row)):
            output += (0.0 if row[j] <= 0.0 else row[j]) * some_weights[j]
        outputs[i] += output


@_compile_sums
def _back_to_errors(signals, part, output_weights, slopes, output_gradient):
    """Turn pre-activations into errors, in place, for a part of the neurons."""
    some_weights, some_gradient = output_weights[part], output_gradient[part]
    some_gradient[:] = 0.0
    for i in range(signals.shape[0]):
        row, slope = signals[i, part], slopes[i]
        for j in range(len(row)):
            some_gradient[j] += slope * (0.0 if row[j] <= 0.0 else row[j])
            row[j] = 0.0 if row[j] <= 0.0 else slope * some_weights[j]


@_compile
def _two_layers(inputs, targets, weights, output_weights, signals, decay, rate, train_loss):
    """`relu_network` for two layers and one output, without momentum.

    Some neurons at a time, so that their weights and signals stay in the cache: they take their
    step and then at once their part of the next outputs.
    """
    n_samples, keep = len(targets), 1.0 - decay
    gradient = np.empty_like(output_weights)
    residuals, next_residuals = -targets, np.empty_like(targets)
    _product(inputs, weights, signals)
    _add_outputs(signals, slice(0, len(output_weights)), output_weights, residuals)
    for step in range(len(train_loss)):
        squares = 0.0
        for i in range(n_samples):
            squares += residuals[i] * residuals[i]
            residuals[i] *= rate
            next_residuals[i] = -targets[i]
        train_loss[step] = squares / (2 * n_samples)
        if not np.isfinite(squares):
            return step
        for first in range(0, len(output_weights), _NEURONS_AT_ONCE):
            part = slice(first, min(first + _NEURONS_AT_ONCE, len(output_weights)))
            _back_to_errors(signals, part, output_weights, residuals, gradient)
            for j in range(part.start, part.stop):
                output_weights[j] = keep * output_weights[j] - gradient[j]
            _descend(weights[:, part], keep, inputs, signals[:, part])
            _product(inputs, weights[:, part], signals[:, part])
            _add_outputs(signals, part, output_weights, next_residuals)
        residuals, next_residuals = next_residuals, residuals
    return len(train_loss)


@_compile
def relu_network(
    inputs,
    targets,
    layers,
    velocities,
    signals,
    errors,
    momentum,
    weight_decay,
    learning_rate,
    train_loss,
):
    """Full-batch gradient descent on all layers of a ReLU network without biases.

    State: `layers`, a tuple of **transposed** matrices (width_{l−1}, width_l), the last of which is
    (m, o) for o outputs, and the `velocities` of heavy ball, which plain descent does not touch.
    `signals` and `errors` (n, width_l) are scratch. Targets are (n, o). Entry k of `train_loss` is
    the loss **before** the update of step k.
    """
    n_samples, last = len(targets), len(layers) - 1
    decay, rate = learning_rate * weight_decay, learning_rate / n_samples
    if last == 1 and targets.shape[1] == 1 and momentum == 0.0:
        flat = targets.ravel(), layers[0], layers[1].ravel(), signals[0]
        return _two_layers(inputs, *flat, decay, rate, train_loss)
    for step in range(len(train_loss)):
        np.dot(inputs, layers[0], signals[0])
        for layer in range(1, last + 1):
            _rectify(signals[layer - 1])
            np.dot(signals[layer - 1], layers[layer], signals[layer])
        squares = _to_residuals(signals[last], targets, rate)
        train_loss[step] = squares / (2 * n_samples)
        if not np.isfinite(squares):
            return step
        # The signals of this layer now hold its errors; go down from there.
        for layer in range(last, 0, -1):
            below = signals[layer - 1]
            np.dot(signals[layer], layers[layer].T, errors[layer - 1])
            _step(layers[layer], velocities[layer], momentum, decay, below, signals[layer])
            for i in range(below.shape[0]):
                for j in range(below.shape[1]):
                    below[i, j] = 0.0 if below[i, j] <= 0.0 else errors[layer - 1][i, j]
        _step(layers[0], velocities[0], momentum, decay, inputs, signals[0])
    return len(train_loss)


@_compile
def relu_moments(inner_products, row_norms, column_norms):
    """E σ(u·x)σ(v·x) for x ~ N(0, I), in place of the inner products u·v (arc-cosine kernel)."""
    for i in range(inner_products.shape[0]):
        for j in range(inner_products.shape[1]):
            scale = row_norms[i] * column_norms[j]
            cosine = 0.0 if scale == 0.0 else inner_products[i, j] / scale
            cosine = min(1.0, max(-1.0, cosine))
            angle = np.arccos(cosine)
            inner_products[i, j] = (
                scale / (2 * np.pi) * (np.sqrt(1 - cosine * cosine) + (np.pi - angle) * cosine)
            )


@_compile
def typical_times(curvatures, shares, sizes, settings, found):
    """t1 and t2 of mean losses without noise, for many settings at once, and the spread at t2.

    `curvatures` (p, k) and `shares` (p, k) are the nodes of p spectra, with `sizes` (p, 2) = n, m.
    A row of `settings` (N, 7) is the number of its spectrum, λ, η, ν², ‖θ*‖²/m, ε and c. `found`
    (N, 3) gets real steps, NaN where there is no t1, infinity where a level is never reached, and
    the standard deviation over draws of the test loss at t2 (or in the end), divided by its mean.

    A loss is a sum of exponentials with positive weights, whose logarithm is convex in t. So
    Newton's method on it comes from the left and never goes beyond the crossing.
    """
    n_nodes = curvatures.shape[1]
    log_rate, weight = np.empty(n_nodes + 1), np.empty(n_nodes + 1)
    share_lost = np.empty(n_nodes + 1)
    for row in range(len(settings)):
        spectrum = int(settings[row, 0])
        lam, eta, variance, teacher = settings[row, 1:5]
        n, m = sizes[spectrum]
        for k in range(n_nodes):
            curvature = curvatures[spectrum, k]
            rate = abs(1.0 - eta * (curvature + lam))
            log_rate[k] = np.log(max(rate, 1e-300))
            share_lost[k] = lam / (curvature + lam)
        log_rate[n_nodes] = np.log1p(-eta * lam)
        share_lost[n_nodes] = 1.0
        for which in range(2):
            for k in range(n_nodes):
                share = shares[spectrum, k]
                weight[k] = n * share * curvatures[spectrum, k] / 2 if which == 0 else share * n / m
            weight[n_nodes] = max(m - n, 0.0) / m if which == 1 else 0.0
            level = settings[row, 5 + which]
            found[row, which] = _crossing(
                log_rate, weight, share_lost, variance, teacher, level, 1.0 - which
            )
        spread = _spread(log_rate, weight, share_lost, variance, teacher, found[row, 1])
        found[row, 2] = spread / np.sqrt(m)


@_compile
def _spread(log_rate, weight, share_lost, variance, teacher, step):
    """√(2 Σ w a²) / Σ w a over the mean squares a along each direction.

    Start and teacher are Gaussian, which makes the variance of a square twice its squared mean.
    """
    mean, square = 0.0, 0.0
    for k in range(len(weight)):
        power = np.exp(step * log_rate[k]) if log_rate[k] < 0 else 1.0
        lost = share_lost[k] + (1.0 - share_lost[k]) * power
        along = variance * power * power + teacher * lost * lost
        mean += weight[k] * along
        square += weight[k] * along * along
    return np.sqrt(2.0 * square) / mean if mean > 0 else 0.0


@_compile
def _crossing(log_rate, weight, share_lost, variance, teacher, level, is_train):
    """Where Σ w [ν² ρ^{2t} + T (l + (1 − l) ρ^t)²] comes down to `level`."""
    start, end = 0.0, 0.0
    for k in range(len(weight)):
        start += weight[k] * (variance + teacher)
        end += weight[k] * (teacher * share_lost[k] ** 2 + (0.0 if log_rate[k] < 0 else variance))
    if start <= level:
        return np.nan if is_train and start < level else 0.0
    if end >= level:
        return np.inf
    # Each direction alone is below the sum, and so is its crossing before that of the sum.
    step = 0.0
    for k in range(len(weight)):
        alone = weight[k] * variance
        if alone > level and log_rate[k] < 0:
            step = max(step, np.log(level / alone) / (2 * log_rate[k]))
    for _ in range(200):
        loss, slope = 0.0, 0.0
        for k in range(len(weight)):
            exponent = step * log_rate[k]
            if exponent < -45.0:  # nothing but the end is left of this direction
                loss += weight[k] * teacher * share_lost[k] ** 2
                continue
            power = np.exp(exponent)
            lost = share_lost[k] + (1.0 - share_lost[k]) * power
            loss += weight[k] * (variance * power * power + teacher * lost * lost)
            change = variance * power * power + teacher * lost * (1.0 - share_lost[k]) * power
            slope += 2.0 * weight[k] * log_rate[k] * change
        forward = -np.log(loss / level) * loss / slope
        step += forward
        if not forward > 1e-8 * step:  # it converges quadratically
            break
    return step


@_compile_sums
def _judge(outputs, answers):
    """Turn outputs into residuals, in place. Return their sum of squares and the right guesses."""
    squares, right = 0.0, 0
    for i in range(outputs.shape[0]):
        row = outputs[i]
        best = 0
        for c in range(1, len(row)):
            if row[c] > row[best]:
                best = c
        right += best == answers[i]
        row[answers[i]] -= 1.0
        for c in range(len(row)):
            squares += row[c] * row[c]
    return squares, right


@_compile
def modular_network(
    pairs, answers, n_train, weights, velocities, momentum, weight_decay, learning_rate, record
):
    """Full-batch gradient descent on the network of `ModularAdditionProblem`.

    State: `weights`, the tuple (u, v, Aᵀ), and `velocities` of the same shapes: v ← βv + ∇L_n + λθ,
    θ ← θ − ηv. The first `n_train` of `pairs` (p², 2) are the training cells. Rows of `record`
    (steps + 1, 4) hold both losses and both accuracies, the first where the run stands.
    """
    first, second, output = weights
    first_velocity, second_velocity, output_velocity = velocities
    n_test, width = max(len(pairs) - n_train, 1), first.shape[1]
    hidden = np.empty((len(pairs), width))
    squared = np.empty_like(hidden)
    outputs = np.empty((len(pairs), output.shape[1]))
    errors = np.empty((n_train, width))
    for step in range(len(record)):
        for i in range(len(pairs)):
            a, b = pairs[i]
            for j in range(width):
                signal = first[a, j] + second[b, j]
                hidden[i, j] = signal
                squared[i, j] = signal * signal
        np.dot(squared, output, outputs)
        squares, right = _judge(outputs[:n_train], answers[:n_train])
        test_squares, test_right = _judge(outputs[n_train:], answers[n_train:])
        record[step, 0] = squares / (2 * n_train)
        record[step, 1] = test_squares / n_test
        record[step, 2] = right / n_train
        record[step, 3] = test_right / n_test
        if step == len(record) - 1 or not np.isfinite(squares):
            return

        # _descend subtracts, and here the gradient is added.
        residuals = outputs[:n_train]
        for i in range(n_train):
            for c in range(residuals.shape[1]):
                residuals[i, c] /= -n_train
        np.dot(residuals, output.T, errors)
        _descend(output_velocity, momentum, squared[:n_train], residuals)
        _accumulate_decay(first_velocity, momentum, first, weight_decay)
        _accumulate_decay(second_velocity, momentum, second, weight_decay)
        for i in range(n_train):
            a, b = pairs[i]
            for j in range(width):
                gradient = -2.0 * hidden[i, j] * errors[i, j]
                first_velocity[a, j] += gradient
                second_velocity[b, j] += gradient
        _accumulate_decay(output_velocity, 1.0, output, weight_decay)
        _move(first, learning_rate, first_velocity)
        _move(second, learning_rate, second_velocity)
        _move(output, learning_rate, output_velocity)


@_compile
def _accumulate_decay(velocity, momentum, weights, weight_decay):
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            velocity[i, j] = momentum * velocity[i, j] + weight_decay * weights[i, j]


@_compile
def _move(weights, learning_rate, velocity):
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            weights[i, j] -= learning_rate * velocity[i, j]
