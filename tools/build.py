"""Build the book: drop what is stale, then let Jupyter Book execute and render every chapter.

    python tools/build.py

Jupyter Book's cache knows the code of the cells only. It would serve yesterday's outputs after a
change in `grokedu`, hence the two fingerprints below.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
INDEX = BUILD / "html" / "index.html"

# A change in the first list runs all chapters again; one in the second renders all pages again.
WHAT_CHAPTERS_RUN = ["grokedu", "constraints.txt", "book/results"]
WHAT_PAGES_SHOW = ["_config.yml", "_toc.yml", "book/_ext", "book/_assets", "tools"]

GENERATED = {"__pycache__", "node_modules", ".ruff_cache"}
GENERATED_SUFFIXES = (".pyc", ".nbc", ".nbi")

# Pictures are drawn as SVG in the book: crisp and small. Kernels report errors, not advice.
KERNEL_SETTINGS = """
c.InlineBackend.figure_formats = {"svg"}
c.IPKernelApp.log_level = "ERROR"
"""


def source_files(names):
    for name in names:
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and not _is_generated(file))


def _is_generated(file):
    return bool(GENERATED & set(file.parts)) or file.name.endswith(GENERATED_SUFFIXES)


def fingerprint(names):
    digest = hashlib.sha256(sys.version.encode())
    for file in source_files(names):
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def drop_stale_output():
    """Remove what was made from other sources than today's."""
    if _has_changed("executed", WHAT_CHAPTERS_RUN):
        shutil.rmtree(BUILD, ignore_errors=True)
    if _has_changed("rendered", WHAT_PAGES_SHOW):
        for part in ("html", ".doctrees", "page"):
            shutil.rmtree(BUILD / part, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    for name, sources in [("executed", WHAT_CHAPTERS_RUN), ("rendered", WHAT_PAGES_SHOW)]:
        (BUILD / f".{name}").write_text(fingerprint(sources))


def _has_changed(name, sources):
    mark = BUILD / f".{name}"
    return not mark.exists() or mark.read_text() != fingerprint(sources)


def kernel_environment():
    """The environment of the kernels that execute the chapters."""
    profile = BUILD / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNEL_SETTINGS)
    return {
        **os.environ,
        "IPYTHONDIR": str(profile.parent),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def run_jupyter_book():
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", ".", "-W", "-n", "--keep-going", "-q"]
    run = subprocess.run(
        command, cwd=ROOT, env=kernel_environment(), text=True, stdout=subprocess.PIPE
    )
    if run.returncode != 0:
        print(run.stdout)
    return run.returncode


def main():
    drop_stale_output()
    print("Executing the chapters and building the pages", flush=True)
    if run_jupyter_book() != 0:
        sys.exit("The book was not built: see the messages above.")
    print(f"The book is ready: {INDEX}")


if __name__ == "__main__":
    main()
