"""Grokking in ridge regression: gradient descent, exact dynamics, theorems and pictures.

A map of the modules, in the order of their imports:

==============  ============================================================================
`checks`        bad input in words
`ridge`         what is learned: data, teacher, initial weights, population covariance
`random_features`  ridge regression on random ReLU and Fourier features, and maps to them
`data`          your own data, with test rows in place of a teacher
`networks`      ReLU networks with their data, and their exact population loss
`modular`       modular addition, the original task, for a network of quadratic neurons
`progress`      how a long run tells how far it is
`threads`       BLAS on one thread, for the same digits whatever the number of cores
`checkpoints`   the Parquet files in which a sweep keeps what it has finished
`trajectory`    what a run leaves behind: the two losses at each recorded step, to keep in a file
`optimizers`    losses, optimizers, batches and step sizes: what one step of training is
`training`      gradient descent on ridge problems, step by step, in numba kernels
`network_training`  the same on networks
`crossings`     sums of decaying exponentials, and the exact steps at which they cross a level
`sampling`      a random experiment of any size, without the matrix of features
`spectra`       the limiting spectrum of Gaussian features, and how much of Σ it sees
`exact`         the same runs in closed form, for any number of steps
`grokking`      t1, t2 and their delay, read off a trajectory
`theory`        the theorems of Xu, Vardi and Safran (2026), with their constants and conditions
`predictions`   sharp predictions from random matrix theory
`sweeps`        any problem times any run times random draws, as a tidy table
`figures`       the house style and the plots
`explorers`     the interactive widgets
==============  ============================================================================

Names are loaded when first used, so ``import grokedu`` costs nothing and a closed-form curve
does not wait for numba, pandas or matplotlib. Which names there are stands in ``__init__.pyi``,
which editors and type checkers read too.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
