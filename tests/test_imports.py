"""Imports point one way, cost nothing until used, and every public name exists."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import grokedu as gk

PACKAGE = Path(gk.__file__).parent
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
# module: what of grokedu it may import, at the top or inside a function
ARROWS = {
    "checks": set(),
    "progress": set(),
    "trajectory": set(),
    "crossings": set(),
    "_kernels": set(),
    "ridge": {"checks"},
    "figures": {"trajectory", "grokking"},
    "grokking": {"checks"},
    "networks": {"checks", "_kernels"},
    "random_features": {"checks", "ridge", "_kernels"},
    "training": {"checks", "ridge", "progress", "trajectory", "_kernels"},
    "network_training": {"checks", "networks", "progress", "trajectory", "_kernels"},
    "exact": {"checks", "crossings", "grokking", "ridge", "trajectory"},
    "theory": {"checks", "grokking", "ridge"},
    "predictions": {"checks", "crossings", "exact", "grokking", "trajectory"},
    "sweeps": {"checks", "training", "exact", "grokking", "ridge"},
}
CONTRACT = [
    "RidgeProblem",
    "NetworkProblem",
    "Trajectory",
    "gaussian_problem",
    "realizable_problem",
    "relu_feature_problem",
    "fourier_feature_problem",
    "relu_network_problem",
    "train_ridge",
    "train_network",
    "exact_ridge",
    "exact_grokking_times",
    "grokking_times",
    "sweep",
    "theory.conditions",
    "theory.gaussian_bounds",
    "theory.grokking_bounds",
    "theory.theorem_4_1",
    "theory.theorem_4_4",
    "theory.theorem_4_5",
    "theory.theorem_4_6",
    "predictions.ridge_curves",
    "predictions.ridge_grokking_times",
]
HEAVY = ["numba", "pandas", "matplotlib", "ipywidgets", "anywidget", "scipy", "joblib"]


def imported(module):
    """What of grokedu a module's source imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            if node.module == "grokedu":
                found |= {alias.name for alias in node.names}
            elif (node.module or "").startswith("grokedu."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("grokedu.")
            }
    return found


def loaded_by(code):
    """Which modules are loaded after `code`, in a fresh interpreter."""
    script = f"import sys\n{code}\nprint(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=PACKAGE.parent,
    )
    return set(done.stdout.split())


class TestArrows:
    @pytest.mark.parametrize("module", MODULES)
    def test_a_module_imports_only_what_is_below_it(self, module):
        assert module in ARROWS, f"{module} is new: say what it may import"
        assert imported(module) <= ARROWS[module]

    @pytest.mark.parametrize("module", MODULES)
    def test_nothing_imports_the_explorers(self, module):
        assert "explorers" not in imported(module)

    def test_there_is_no_circle(self):
        order, left = [], dict(ARROWS)
        while left:
            free = [module for module, below in left.items() if below <= set(order)]
            assert free, f"circle among {set(left)}"
            order += free
            left = {module: below for module, below in left.items() if module not in free}

    def test_the_package_itself_imports_nothing_at_the_top(self):
        tree = ast.parse((PACKAGE / "__init__.py").read_text())
        imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [node.module for node in imports] == ["importlib"]

    def test_only_kernels_are_compiled(self):
        for module in MODULES:
            if module == "_kernels":
                continue
            tree = ast.parse((PACKAGE / f"{module}.py").read_text())
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            assert "numba" not in names, f"{module} uses numba"


class TestLaziness:
    def test_importing_the_package_loads_nothing_heavy(self):
        loaded = loaded_by("import grokedu")
        assert not loaded & set(HEAVY)
        assert "numpy" not in loaded

    def test_a_closed_form_curve_waits_for_neither_numba_nor_pandas_nor_matplotlib(self):
        loaded = loaded_by(
            "import numpy, grokedu as gk\n"
            "p = gk.gaussian_problem(n_samples=2, n_features=3, rng=numpy.random.default_rng(0))\n"
            "gk.exact_ridge(p, weight_decay=0.1, learning_rate=1, steps=[0, 1])\n"
            "gk.exact_grokking_times(p, weight_decay=0.1, learning_rate=1)\n"
            "gk.theory.grokking_bounds(p, weight_decay=0.1, learning_rate=1)"
        )
        assert not loaded & {"numba", "pandas", "matplotlib", "ipywidgets", "joblib"}

    def test_gradient_descent_waits_for_neither_pandas_nor_matplotlib(self):
        assert not loaded_by("import grokedu; grokedu.train_ridge") & {"pandas", "matplotlib"}


class TestPublicNames:
    @pytest.mark.parametrize("name", CONTRACT)
    def test_the_contract(self, name):
        thing = gk
        for part in name.split("."):
            thing = getattr(thing, part)
        assert callable(thing)
        assert thing.__doc__

    @pytest.mark.parametrize("name", [name for name in gk.__all__ if name != "explorers"])
    def test_all_that_is_listed_exists(self, name):
        assert getattr(gk, name).__doc__
        assert name in dir(gk)

    def test_other_names_do_not_exist(self):
        with pytest.raises(AttributeError, match="module 'grokedu' has no attribute 'groking'"):
            gk.groking  # noqa: B018

    def test_every_module_is_on_the_map(self):
        for module in MODULES:
            if not module.startswith("_"):
                assert f"`{module}`" in gk.__doc__
