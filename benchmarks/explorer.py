"""Times the explorers: from a slider's event to the painted curve.

The weight-decay slider moves by one step, on the book's first page and on a page of 400 digits. The
clock starts before the event and stops in the first task after the next frame was painted. At 60
frames a second that includes the wait for the frame, about 8 ms on average; the second measurement
lets the browser paint as soon as it can, which leaves our work and the browser's: layout and
painting, here without a graphics card. "Scripts" is our share of it. "Draw again" makes new
features of the digits, and "pauses" are the longest times without a frame meanwhile. On the map of
phases the cursor moves by one cell, and the slider of m asks for another map: "whole map" is the
time until its last cell is colored. "Train again" is modular addition, 6,000 steps for p = 11.
Figures of a busy machine say little: its load is printed beside them.

    python benchmarks/explorer.py            every size, about three minutes
    python benchmarks/explorer.py --short    two sizes and few moves, to see that it runs
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import browsers  # noqa: E402
from conftest import serve  # noqa: E402
from explorer_page import write_page  # noqa: E402
from measured import tell  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

from grokedu.explorers import DigitsExplorer, ModularExplorer, PhaseExplorer  # noqa: E402

OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
DISPLAYS = {
    "60 frames a second": (),
    "without waiting for frames": ("--disable-frame-rate-limit", "--disable-gpu-vsync"),
}
SIZES = (20, 100, 200, 300, 400, 500)
MOVES = 200
SHORT = {"sizes": (100, 500), "moves": 40}

MEASURE = """async ([moves, name, byKey]) => {
  const plot = document.querySelector(".grokedu-plot");
  const slider = plot.querySelector(`[data-setting=${name}] input[type=range]`);
  const cursor = plot.querySelector(".gk-phase-cursor");
  const move = (way) => {
    if (byKey) {
      const key = way > 0 ? "ArrowRight" : "ArrowLeft";
      cursor.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    } else {
      slider.valueAsNumber += way;
      slider.dispatchEvent(new Event("input", {bubbles: true}));
    }
  };
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now());
    channel.port2.postMessage(null);
  }));
  const pause = (time) => new Promise((done) => setTimeout(done, time));
  const times = [], scripts = [], maps = [];
  for (let k = 0; k < moves; k++) {
    await pause(20 + 17 * Math.random());
    const before = plot.__grokedu.state[name];
    const way = Math.floor(k / 20) % 2 ? -1 : 1;
    const started = performance.now();
    move(way);
    await null; // the explorer draws as soon as the event is over
    const drawn = performance.now();
    const done = await painted();
    if (plot.__grokedu.state[name] === before) throw new Error("the curve did not move");
    times.push(done - started);
    scripts.push(drawn - started);
    if (byKey || !plot.__grokedu.map) continue;
    while (!plot.__grokedu.map.isDone) await painted();
    maps.push(performance.now() - started);
  }
  return maps.length ? {times, scripts, "whole map": maps} : {times, scripts};
}"""

DRAW_AGAIN = """async (draws) => {
  const plot = document.querySelector(".grokedu-plot");
  const button = [...plot.querySelectorAll("button")].find((b) => b.textContent === "Draw again");
  const times = [], pauses = [];
  const ready = () => {
    const {drawn, state, phase = "done"} = plot.__grokedu;
    return phase === "done" && (drawn ?? state).seed;
  };
  for (let draw = 0; draw < draws; draw++) {
    const seed = ready();
    const started = performance.now();
    let before = started, pause = 0;
    button.click();
    while (ready() === false || ready() === seed) {
      await new Promise((done) => requestAnimationFrame(done));
      pause = Math.max(pause, performance.now() - before);
      before = performance.now();
    }
    times.push(before - started);
    pauses.push(pause);
  }
  return {times, pauses};
}"""
DRAWS = 10


def measure(page, address, n_samples, moves):
    """Times of moves at one n, in milliseconds."""
    page.goto(f"{address}#ridge:n_samples={n_samples}")
    page.reload()
    page.wait_for_function("document.querySelector('.grokedu-plot')?.__grokedu?.state")
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('.grokedu-plot').__grokedu.modes.n") == n_samples
    return page.evaluate(MEASURE, [moves, "weight_decay", False])


def report(display, page, address, sizes, moves):
    for n_samples in sizes:
        result = measure(page, address, n_samples, moves)
        tell_all(display, f"n = {n_samples:3}", result)


def report_digits(display, page, address, moves):
    page.goto(address)
    page.wait_for_function("document.querySelector('.grokedu-plot')?.__grokedu?.drawn")
    page.wait_for_timeout(500)
    tell_all(display, "digits", page.evaluate(MEASURE, [moves, "weight_decay", False]))
    tell_all(display, "draw again", page.evaluate(DRAW_AGAIN, DRAWS))


def report_sums(display, page, address):
    page.goto(address)
    page.wait_for_function("document.querySelector('.grokedu-plot')?.__grokedu?.phase === 'done'")
    tell_all(display, "modular addition, train again", page.evaluate(DRAW_AGAIN, DRAWS))


def report_map(display, page, address, moves):
    page.goto(address)
    page.wait_for_function("document.querySelector('.grokedu-plot')?.__grokedu?.map?.isDone")
    page.wait_for_timeout(500)
    tell_all(display, "map, cursor", page.evaluate(MEASURE, [moves, "weight_decay", True]))
    tell_all(display, "map, slider", page.evaluate(MEASURE, [moves, "n_features", False]))


def tell_all(display, what, result):
    for name, values in result.items():
        tail = statistics.quantiles(values, n=20)[-1]
        tell("explorer", f"{display}: {what}, {name}", "median", statistics.median(values), "ms")
        tell("explorer", f"{display}: {what}, {name}", "95%", tail, "ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--short", action="store_true", help="two sizes and few moves")
    how = SHORT if parser.parse_args().short else {"sizes": SIZES, "moves": MOVES}
    subprocess.run([sys.executable, ROOT / "tools" / "build.py"], check=True)
    address = (ROOT / "_build" / "html" / "book" / "intro.html").as_uri()
    pixels, digits = load_digits(return_X_y=True)
    explorers = DigitsExplorer(pixels[:400], digits[:400]), PhaseExplorer(), ModularExplorer()
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in explorers]
        page_of_digits, page_of_map, page_of_sums = (
            stack.enter_context(serve(write_page(folder, explorer))) + "/index.html"
            for folder, explorer in zip(folders, explorers, strict=True)
        )
        playwright = stack.enter_context(sync_playwright())
        for display, options in DISPLAYS.items():
            moves = how["moves"]
            print(f"Slider event to painted curve, {moves} moves, {display}: median and 95%")
            browser = playwright.chromium.launch(
                executable_path=browsers.find(), args=[*OPTIONS, *options]
            )
            report(display, browser.new_page(), address, **how)
            report_digits(display, browser.new_page(), page_of_digits, moves)
            report_map(display, browser.new_page(), page_of_map, moves)
            report_sums(display, browser.new_page(), page_of_sums)
            browser.close()


if __name__ == "__main__":
    main()
