"""Build the book: drop what is stale, then let Jupyter Book execute and render every chapter.

    python tools/build.py

Jupyter Book's cache knows the code of the cells only. It would serve yesterday's outputs after a
change in `grokedu`, hence the two fingerprints below. And Sphinx reports the faults of a page only
while it reads the page: pages that were read by a build that failed must be read again.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import surroundings

ROOT = Path(__file__).resolve().parents[1]

# A change in the first list runs all chapters again; one in the second renders all pages again.
WHAT_CHAPTERS_RUN = ["grokedu", "constraints.txt", "book/results"]
WHAT_PAGES_SHOW = [
    "_config.yml",
    "_toc.yml",
    "book/_ext",
    "book/_assets",
    "hatch_build.py",
    "package-lock.json",
    "tools",
]

GENERATED = {"__pycache__", "node_modules", ".ruff_cache", "_build"}
GENERATED_SUFFIXES = (".pyc", ".nbc", ".nbi")

# Pictures are drawn as SVG in the book: crisp and small. Kernels report errors, not advice.
KERNEL_SETTINGS = """
c.InlineBackend.figure_formats = {"svg"}
c.IPKernelApp.log_level = "ERROR"
"""


def build(root):
    """Build the book in the folder `root`; return whether that went well."""
    folder = root / "_build"
    ready, today = folder / ".ready", fingerprint(root, sources(root))
    if ready.exists() and ready.read_text() == today and (folder / "html").exists():
        return True
    drop_stale_output(root, folder)
    if not ready.exists():
        drop_pages(folder)
    ready.unlink(missing_ok=True)  # also when this build is interrupted
    if not run_jupyter_book(root, folder):
        print_tracebacks(folder)
        drop_pages(folder)
        return False
    ready.write_text(today)
    return True


def sources(root):
    """The names of all that a build could read."""
    names = {path.name for path in root.iterdir() if not path.name.startswith(".")}
    return sorted(names - GENERATED)


def drop_stale_output(root, folder):
    """Remove what was made from other sources than today's."""
    fingerprints = {
        "executed": fingerprint(root, WHAT_CHAPTERS_RUN),
        "rendered": fingerprint(root, WHAT_PAGES_SHOW),
    }
    changed = {
        name
        for name, today in fingerprints.items()
        if not (folder / f".{name}").exists() or (folder / f".{name}").read_text() != today
    }
    if "executed" in changed:
        shutil.rmtree(folder, ignore_errors=True)
    if "rendered" in changed:
        drop_pages(folder)
        shutil.rmtree(folder / "page", ignore_errors=True)
    folder.mkdir(exist_ok=True)
    for name, today in fingerprints.items():
        (folder / f".{name}").write_text(today)


def drop_pages(folder):
    """Remove the pages and what Sphinx remembers of them; what was executed stays."""
    for part in ("html", ".doctrees"):
        shutil.rmtree(folder / part, ignore_errors=True)


def fingerprint(root, names):
    digest = hashlib.sha256(sys.version.encode())
    for file in _source_files(root, names):
        digest.update(str(file.relative_to(root)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _source_files(root, names):
    for name in names:
        path = root / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and not _is_generated(file, root))


def _is_generated(file, root):
    inside = file.relative_to(root).parts
    return bool(GENERATED & set(inside)) or file.name.endswith(GENERATED_SUFFIXES)


def run_jupyter_book(root, folder):
    environment = surroundings.kernel_environment(folder, KERNEL_SETTINGS)
    # What fails here fails again below, with better messages.
    execute = [sys.executable, Path(__file__).with_name("execute.py"), root]
    subprocess.run(execute, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    jupyter_book = shutil.which("jupyter-book", path=sysconfig.get_path("scripts"))
    run = subprocess.run(
        [jupyter_book, "build", ".", "-W", "-n", "--keep-going", "-q"],
        cwd=root,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if run.returncode != 0:
        print(run.stdout)
    return run.returncode == 0


def print_tracebacks(folder):
    """Show what stopped a chapter: Jupyter Book writes it beside the pages."""
    for report in sorted(folder.glob("html/reports/**/*.log")):
        print(report.read_text(encoding="utf8"))


def main():
    print("Executing the chapters and building the pages", flush=True)
    if not build(ROOT):
        sys.exit("The book was not built: see the messages above.")
    print(f"The book is ready: {ROOT / '_build' / 'html' / 'index.html'}")


if __name__ == "__main__":
    main()
