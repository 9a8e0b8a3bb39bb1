"""Make the README's pictures in book/_assets: a run, and what the built book's first page shows.

    python tools/readme_picture.py    after `make book`

grokking.png is drawn from a run at the paper's defaults; explorer.png is taken in a browser.
"""

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

import grokedu as gk

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "book" / "_assets"
FIRST_PAGE = ROOT / "_build" / "html" / "book" / "intro.html"
sys.path.append(str(ROOT / "tests"))

import browsers  # noqa: E402
from conftest import BROWSER_OPTIONS  # noqa: E402
from pages import visit  # noqa: E402


def take_explorer(page_file, target):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.find(), args=BROWSER_OPTIONS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 1400}, device_scale_factor=1.5, color_scheme="light"
        )
        page = visit(context, page_file.as_uri()).page
        png = page.locator(".grokedu-plot").first.screenshot()
        browser.close()
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    picture.save(target, optimize=True)


def main():
    draw_run(ASSETS / "grokking.png")
    take_explorer(FIRST_PAGE, ASSETS / "explorer.png")


def draw_run(target):
    problem = gk.gaussian_problem(rng=np.random.default_rng(0))
    run = gk.train_ridge(problem, weight_decay=1e-4, learning_rate=1.0, n_steps=100_000)
    bounds = gk.theory.gaussian_bounds(problem, weight_decay=1e-4, learning_rate=1.0)
    figure, ax = gk.figures.subplots(height=3.8, width=8.5)
    gk.figures.plot_losses(ax, run)
    gk.figures.plot_thresholds(ax)
    gk.figures.plot_stages(ax, gk.grokking_times(run))
    gk.figures.plot_bounds(ax, bounds, name="Eq. 8")
    gk.figures.add_legend(ax, loc="lower left")
    figure.savefig(target, dpi=160, metadata={"Software": None})


if __name__ == "__main__":
    main()
