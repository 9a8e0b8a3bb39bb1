"""The slow and obvious twin of the network kernel, for any number of layers."""

import numpy as np


def outputs(inputs, hidden, output):
    """N(x) = ⟨a, σ(W_{k−1} ⋯ σ(W_1 x))⟩, one input and one neuron at a time."""
    values = []
    for x in inputs:
        for layer in hidden:
            x = np.array([max(row @ x, 0.0) for row in layer])
        values.append(output @ x)
    return np.array(values)


def gradients(inputs, targets, hidden, output):
    """∂L_n/∂W_l for each hidden layer, and ∂L_n/∂a, by the chain rule, with σ'(0) = 0."""
    hidden_gradients = [np.zeros_like(layer) for layer in hidden]
    output_gradient = np.zeros_like(output)
    for x, y in zip(inputs, targets, strict=True):
        signals = [x]
        for layer in hidden:
            signals.append(np.maximum(layer @ signals[-1], 0))
        residual = (output @ signals[-1] - y) / len(inputs)
        output_gradient += residual * signals[-1]
        error = residual * output
        for index in reversed(range(len(hidden))):
            error = error * (signals[index + 1] > 0)
            hidden_gradients[index] += np.outer(error, signals[index])
            error = hidden[index].T @ error
    return hidden_gradients, output_gradient


def gradient_descent(problem, weight_decay, learning_rate, n_steps):
    """θ ← θ − η [∇L_n(θ) + λθ]. Yields the weights of steps 0, 1, …, n_steps."""
    hidden, output = list(problem.hidden_weights), problem.output_weights
    yield hidden, output
    for _ in range(n_steps):
        hidden_gradients, output_gradient = gradients(
            problem.inputs, problem.targets, hidden, output
        )
        hidden = [
            layer - learning_rate * (gradient + weight_decay * layer)
            for layer, gradient in zip(hidden, hidden_gradients, strict=True)
        ]
        output = output - learning_rate * (output_gradient + weight_decay * output)
        yield hidden, output


def population_square(hidden, output):
    """E N(x)² for two layers, as a double sum over pairs of neurons."""
    total = 0.0
    for u, a in zip(hidden, output, strict=True):
        for v, b in zip(hidden, output, strict=True):
            size = np.linalg.norm(u) * np.linalg.norm(v)
            if size > 0:
                angle = np.arccos(np.clip(u @ v / size, -1, 1))
                moment = np.sin(angle) + (np.pi - angle) * np.cos(angle)
                total += a * b * size / (2 * np.pi) * moment
    return total
