# The public names: read by grokedu when it is imported, and by editors and type checkers.
from . import checks as checks
from . import crossings as crossings
from . import exact as exact
from . import explorers as explorers
from . import figures as figures
from . import grokking as grokking
from . import network_training as network_training
from . import networks as networks
from . import predictions as predictions
from . import random_features as random_features
from . import ridge as ridge
from . import sweeps as sweeps
from . import theory as theory
from . import training as training
from . import trajectory as trajectory
from .exact import exact_grokking_times as exact_grokking_times
from .exact import exact_ridge as exact_ridge
from .exact import ridge_solution as ridge_solution
from .grokking import GrokkingTimes as GrokkingTimes
from .grokking import Reason as Reason
from .grokking import Why as Why
from .grokking import gaussian_accuracy as gaussian_accuracy
from .grokking import grokking_times as grokking_times
from .network_training import train_network as train_network
from .networks import NetworkProblem as NetworkProblem
from .networks import relu_network_problem as relu_network_problem
from .random_features import fourier_feature_problem as fourier_feature_problem
from .random_features import relu_feature_problem as relu_feature_problem
from .ridge import RidgeProblem as RidgeProblem
from .ridge import gaussian_problem as gaussian_problem
from .ridge import realizable_problem as realizable_problem
from .sweeps import sweep as sweep
from .training import train_ridge as train_ridge
from .trajectory import Trajectory as Trajectory

__version__: str
