"""The slow and obvious twin of the network kernel, for any number of layers and of outputs."""

import numpy as np


def outputs(inputs, hidden, output):
    """N(x) = Aᵀ σ(W_{k−1} ⋯ σ(W_1 x)), one input and one neuron at a time."""
    values = []
    for x in inputs:
        for layer in hidden:
            x = np.array([max(row @ x, 0.0) for row in layer])
        values.append(output.T @ x)
    return np.array(values)


def gradients(inputs, targets, hidden, output):
    """∂L_n/∂W_l for each hidden layer, and ∂L_n/∂A, by the chain rule, with σ'(0) = 0."""
    hidden_gradients = [np.zeros_like(layer) for layer in hidden]
    output_gradient = np.zeros_like(output)
    for x, y in zip(inputs, targets, strict=True):
        signals = [x]
        for layer in hidden:
            signals.append(np.maximum(layer @ signals[-1], 0))
        residual = (output.T @ signals[-1] - y) / len(inputs)
        output_gradient += np.multiply.outer(signals[-1], residual)
        error = np.dot(output, residual)
        for index in reversed(range(len(hidden))):
            error = error * (signals[index + 1] > 0)
            hidden_gradients[index] += np.outer(error, signals[index])
            error = hidden[index].T @ error
    return hidden_gradients, output_gradient


def gradient_descent(problem, weight_decay, learning_rate, n_steps, momentum=0.0):
    """v ← βv + ∇L_n + λθ, θ ← θ − ηv. Yields the weights of steps 0, 1, …, n_steps."""
    hidden, output = list(problem.hidden_weights), problem.output_weights
    velocities = [np.zeros_like(layer) for layer in (*hidden, output)]
    yield hidden, output
    for _ in range(n_steps):
        of_hidden, of_output = gradients(problem.inputs, problem.targets, hidden, output)
        velocities = [
            momentum * velocity + gradient + weight_decay * layer
            for velocity, gradient, layer in zip(
                velocities, (*of_hidden, of_output), (*hidden, output), strict=True
            )
        ]
        *hidden, output = (
            layer - learning_rate * velocity
            for layer, velocity in zip((*hidden, output), velocities, strict=True)
        )
        yield hidden, output


def population_square(hidden, output):
    """E ‖N(x)‖² for two layers, as a double sum over pairs of neurons."""
    total = 0.0
    for u, a in zip(hidden, output, strict=True):
        for v, b in zip(hidden, output, strict=True):
            size = np.linalg.norm(u) * np.linalg.norm(v)
            if size > 0:
                angle = np.arccos(np.clip(u @ v / size, -1, 1))
                moment = np.sin(angle) + (np.pi - angle) * np.cos(angle)
                total += np.dot(a, b) * size / (2 * np.pi) * moment
    return total


def modular_loss(problem, weights):
    """(1/2n) Σ ‖N(a, b) − e_{(a+b) mod p}‖² over the training cells, one cell at a time."""
    first, second, output = weights
    total = 0.0
    for a, b in problem.train_pairs:
        residual = output.T @ (first[a] + second[b]) ** 2
        residual[(a + b) % problem.modulus] -= 1
        total += residual @ residual
    return total / (2 * len(problem.train_pairs))


def modular_gradients(problem, weights):
    """Its derivatives by u, v and the output weights, by the chain rule."""
    first, second, output = weights
    gradients = tuple(np.zeros_like(layer) for layer in weights)
    for a, b in problem.train_pairs:
        signal = first[a] + second[b]
        residual = output.T @ signal**2
        residual[(a + b) % problem.modulus] -= 1
        residual /= len(problem.train_pairs)
        gradients[2][...] += np.outer(signal**2, residual)
        error = 2 * signal * (output @ residual)
        gradients[0][a] += error
        gradients[1][b] += error
    return gradients


def modular_descent(problem, weight_decay, learning_rate, momentum, n_steps):
    """v ← βv + ∇L_n + λθ, θ ← θ − ηv. Yields the weights of steps 0, 1, …, n_steps."""
    weights = problem.first_weights, problem.second_weights, problem.output_weights
    velocities = [np.zeros_like(layer) for layer in weights]
    yield weights
    for _ in range(n_steps):
        gradients = modular_gradients(problem, weights)
        velocities = [
            momentum * v + g + weight_decay * w
            for v, g, w in zip(velocities, gradients, weights, strict=True)
        ]
        weights = tuple(w - learning_rate * v for w, v in zip(weights, velocities, strict=True))
        yield weights
