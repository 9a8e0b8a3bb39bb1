"""What the chapters run in, whoever runs them: no setting of the user changes an output."""

import os
import subprocess
import sys

SETTINGS_OF_THE_USER = {
    "COLUMNS",
    "FORCE_COLOR",
    "MATPLOTLIBRC",
    "PYTHONDEVMODE",
    "PYTHONIOENCODING",
    "PYTHONOPTIMIZE",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONVERBOSE",
    "PYTHONWARNINGS",
}
# Settings of kernels whose pictures go into the committed chapters. They report errors, not advice.
PICTURE_STYLE = {"bbox_inches": "tight", "dpi": 96, "facecolor": "white"}
SMALL_PICTURES = f"""
c.IPKernelApp.log_level = "ERROR"
c.InlineBackend.figure_formats = {{"png"}}
c.InlineBackend.print_figure_kwargs = {PICTURE_STYLE}
"""
# On a busy machine a run takes longer than the bar of a long run waits.
NO_BARS = """
c.InteractiveShellApp.exec_lines = [
    "__import__('grokedu.progress').progress.SECONDS_BEFORE_BAR = float('inf')"
]
"""
NUMBA_MAY_KEEP = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS"}


def kernel_environment(folder, kernel_settings):
    """The environment of a kernel; its settings of IPython and of Matplotlib live in `folder`."""
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = kernel_settings + NO_BARS
    (profile / "ipython_kernel_config.py").write_text(settings, encoding="utf8")
    environment = {
        **{name: value for name, value in os.environ.items() if not _changes_outputs(name)},
        "IPYTHONDIR": str(profile.parent),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        # Matrices of a few hundred rows lose time to a second thread, and chapters run in parallel.
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONUTF8": "1",
    }
    if not (folder / "matplotlib").exists():
        _list_fonts(environment)
    return environment


def _changes_outputs(name):
    is_numba = name.startswith("NUMBA_") and name not in NUMBA_MAY_KEEP
    return is_numba or name in SETTINGS_OF_THE_USER


def _list_fonts(environment):
    """Matplotlib does it once, and where it takes long says so: not into a chapter."""
    command = [sys.executable, "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
