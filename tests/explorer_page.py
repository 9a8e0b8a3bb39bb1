"""A page that holds one explorer and plays the part of its kernel.

The bundle runs with a stand-in for the widget model, so these tests need no built book.
"""

import json
import re
from pathlib import Path

import grokedu as gk

SOURCES = Path(gk.__file__).parent / "explorers"
_NOT_DRAWN = ("layout", "comm", "tabbable", "tooltip")

_PAGE = """<!doctype html>
<html lang="en" data-theme="light"><meta charset="utf-8"><title>Explorer</title>
<style>%(style)s</style>
<main><h1>Explorer</h1>
<p><a style="color: #00f" href="#%(kind)s:weight_decay=1e-5">lower λ to 10⁻⁵</a></p>
<div id="place"></div></main>
<script type="module">
  import widget from "./%(kind)s.bundle.js";
  const state = %(state)s;
  const listeners = {};
  const fire = (event, ...values) => (listeners[event] ?? []).forEach((f) => f(...values));
  const model = {
    sent: [],
    get: (name) => state[name],
    set(name, value) {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      fire(`change:${name}`);
      fire("change");
    },
    save_changes() {},
    send(message, callbacks) {
      model.sent.push(message);
      model.handled = () =>
        callbacks.iopub.status({ content: { execution_state: "idle" } });
    },
    on: (event, f) => (listeners[event] ??= []).push(f),
    off: (event, f) => (listeners[event] = (listeners[event] ?? []).filter((g) => g !== f)),
    answer: (message) => fire("msg:custom", message),
    cut: () => fire("comm_live_update"),
  };
  globalThis.model = model;
  const place = document.getElementById("place");
  if (location.search === "?two") {
    // The second one arrives first, as it may on a slow page.
    const below = document.createElement("div");
    place.after(below);
    const other = JSON.parse(JSON.stringify(state));
    const heard = {};
    widget.render({
      el: below,
      model: {
        ...model,
        get: (name) => other[name],
        set(name, value) {
          other[name] = value;
          for (const f of heard.change ?? []) f();
        },
        on: (event, f) => (heard[event] ??= []).push(f),
        off() {},
      },
    });
    await new Promise((then) => requestAnimationFrame(() => setTimeout(then, 50)));
  }
  widget.render({ model, el: place });
</script></html>"""

SHOWN = "document.querySelector('.grokedu-plot').__grokedu"
# Only networks have a phase: what else is shown needs no training in the page.
ENDED = f"[undefined, 'done', 'unfitted', 'diverged', 'erases'].includes({SHOWN}.phase)"


def write_page(folder, explorer):
    """Write the page of an explorer with the script that draws it."""
    explorer.wait(60)
    kind = explorer.kind
    state = {n: getattr(explorer, n) for n in explorer.keys if n not in _NOT_DRAWN and n[0] != "_"}
    style = (SOURCES / "js" / "explorer.css").read_text()
    page = _PAGE % {
        "style": style,
        "kind": kind,
        "state": json.dumps(state).replace("</", "<\\/"),
    }
    folder.joinpath("index.html").write_text(page)
    script = f"{kind}.bundle.js"
    folder.joinpath(script).write_text((SOURCES / script).read_text())
    return folder


class View:
    """The page, with what the tests ask it for."""

    def __init__(self, browser, **look):
        self.context = browser.new_context(**look)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.clock.install()

    def open(self, address, viewport):
        """Load the page anew, whatever was done to it before."""
        self.page.mouse.up()
        self.page.mouse.move(0, 0)
        self.page.emulate_media(media="null")
        self.page.set_viewport_size(dict(zip(("width", "height"), viewport, strict=True)))
        self.page.goto("about:blank")
        self.page.goto(address)
        self.page.wait_for_function(f"{SHOWN}?.steps")
        self.finish()

    def settle(self):
        self.page.evaluate(
            "() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 0)))"
        )

    def shown(self, what):
        self.settle()
        return self.page.evaluate(f"{SHOWN}.{what}")

    def set(self, **state):
        self.page.evaluate("(s) => Object.entries(s).forEach(([k, v]) => model.set(k, v))", state)
        self.settle()

    def finish(self, **state):
        """Change the state and wait for the end of the run of exactly this state."""
        self.set(**state)
        self.page.wait_for_function(
            f"state => {ENDED} && Object.entries(state).every(([k, v]) => {SHOWN}.state[k] === v)",
            arg=state,
        )
        self.settle()

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def words(self, part="gk-sentence"):
        self.settle()
        return self.page.locator(f".{part}").inner_text()

    def pass_time(self, milliseconds):
        self.page.clock.run_for(milliseconds)
        self.settle()

    def hash(self):
        self.pass_time(1300)
        return self.page.evaluate("location.hash")

    def field(self, label):
        return self.page.get_by_label(f"{label}, exact value", exact=True)

    def slider(self, label):
        return self.page.get_by_label(label, exact=True)

    def typed(self, label):
        """The number that stands in the field of a setting."""
        return number_in(self.field(label).input_value())

    def refusal(self, setting):
        return self.page.locator(f"[data-setting={setting}] .gk-refusal")


def number_in(text):
    """The number that a field shows: 0.01, 1,000, 10⁻⁴ or 3.2·10⁻⁴."""
    power = re.sub("(^|·)10(?=[⁻⁰¹²³⁴⁵⁶⁷⁸⁹])", lambda start: "e" if start[1] else "1e", text)
    return float(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", ",")))


class Views:
    """The views of one test, opened in pages of earlier ones: another page takes three times as
    long."""

    def __init__(self, browser):
        self.browser, self.in_use, self.free = browser, [], {}

    def open(self, address, viewport, **look):
        kept = self.free.setdefault(repr(look), [])
        view = kept.pop() if kept else View(self.browser, **look)
        self.in_use.append((view, kept))
        view.open(address, viewport)
        return view

    def close(self):
        for view, kept in self.in_use:
            kept.append(view)
        complaints = [words for view, _ in self.in_use for words in view.complaints]
        for view, _ in self.in_use:
            view.complaints.clear()
        self.in_use.clear()
        assert not complaints


def color(view, theme):
    """Give the page the colors of a book in light or in dark."""
    colors = ("#fff", "#222") if theme == "light" else ("#121212", "#eee")
    view.page.evaluate(
        "([theme, [page, text]]) => { document.documentElement.dataset.theme = theme;"
        " document.body.style.cssText = `background: ${page}; color: ${text}`;"
        " document.querySelector('a').style.color = text; }",
        [theme, colors],
    )
    view.settle()


def assert_fits(view, width):
    """Nothing leaves the page, nor a room that shrinks: not even until it is redrawn. Where no
    picture has room, as in a page enlarged tenfold, nothing breaks."""
    page, room = view.page.evaluate(
        "() => { const main = document.querySelector('main');"
        " const page = document.documentElement.scrollWidth;"
        " main.style.width = '300px'; const room = main.scrollWidth; main.style.width = '';"
        " return [page, room]; }"
    )
    assert page <= width
    assert room <= 300
    main = view.page.locator("main")
    for style in ("width: 40px", ""):
        main.evaluate("(main, style) => { main.style.cssText = style; }", style)
        view.settle()
        view.settle()


def smallest_text(view):
    """The smallest size of letters in the charts, in pixels."""
    return view.page.evaluate(
        "Math.min(...[...document.querySelectorAll('.grokedu-plot svg text')]"
        ".map((text) => parseFloat(getComputedStyle(text).fontSize)))"
    )
