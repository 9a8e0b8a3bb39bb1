"""The scripts, styles and fonts that the pages run on, made from npm packages.

Everything is served by the book itself, with its licenses. esbuild bundles `page_runtime.js`;
MathJax is copied, without the parts that the book never asks for (menus, speech), which would
double its weight. Packages, bundles and licenses are made as those of the explorers are.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT))

from hatch_build import bundle, install_packages, licenses  # noqa: E402

MATHJAX = "node_modules/mathjax"
MATHJAX_PARTS = [
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
]
BUNDLE_OPTIONS = [
    "--format=iife",
    "--loader:.svg=dataurl",
    "--define:MathJax.Hub.Queue=globalThis.typesetWidget",
]


def make(target):
    """Fill the folder `target`, unless it is there already. `make book` drops it when stale."""
    if (target / "page_runtime.js").exists():
        return
    install_packages(ROOT)
    target.mkdir(parents=True, exist_ok=True)
    copy_mathjax(target / "mathjax")
    inside = {MATHJAX}
    for name in ("page_runtime.css", "page_runtime.js"):
        inside |= bundle(ROOT, HERE / name, target / name, *BUNDLE_OPTIONS)
    jupyter = (HERE / "jupyter_license.txt").read_text(encoding="utf8")
    texts = licenses(ROOT, inside, {"Project Jupyter": jupyter})  # its packages carry none
    (target / "licenses.txt").write_text(texts, encoding="utf8")


def copy_mathjax(target):
    for part in MATHJAX_PARTS:
        source = ROOT / MATHJAX / "es5" / part
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target / part)
