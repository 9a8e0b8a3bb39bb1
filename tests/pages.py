"""Open a page of the book in a browser and write down all that happens."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 10_000  # milliseconds
LOCAL = ("http://127.0.0.1:", "file://", "data:", "blob:", "about:")

SETTLED = """async () => {
  const views = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const places = document.querySelectorAll(views);
  const until = Date.now() + 15000;
  const waiting = () => places.length && document.documentElement.dataset.widgets !== "ready";
  while (waiting() && Date.now() < until) await new Promise((next) => setTimeout(next, 50));
  await globalThis.MathJax?.startup?.promise;
  await document.fonts.ready;
}"""

WIDGETS = """() => {
  const views = 'script[type="application/vnd.jupyter.widget-view+json"]';
  return [...document.querySelectorAll(views)].map((script) => {
    const place = script.nextElementSibling;
    return Boolean(place?.querySelector(".lm-Widget") && place.textContent.trim());
  });
}"""

FORMULAS = """() => [...document.querySelectorAll("article .math")].map((formula) => ({
  source: formula.textContent.slice(0, 60),
  typeset: Boolean(formula.querySelector("mjx-container")),
  wrong: Boolean(formula.querySelector("mjx-merror, [data-mjx-error]")),
}))"""

ABOUT_COLORS = ["color-contrast", "link-in-text-block"]
RULES = {
    "everything": {},
    "colors": {"runOnly": ABOUT_COLORS},
    "all but colors": {"rules": {rule: {"enabled": False} for rule in ABOUT_COLORS}},
}


@dataclass
class Visit:
    """What was seen on one page."""

    page: object
    name: str = ""
    outside_requests: list = field(default_factory=list)
    failed_requests: list = field(default_factory=list)
    complaints: list = field(default_factory=list)
    responses: list = field(default_factory=list)

    def settle(self):
        """Wait until widgets and formulas are there, or until they should have been."""
        self.page.evaluate(SETTLED)
        return self

    @property
    def widgets(self):
        """For each widget that the page shows: is it drawn?"""
        return self.page.evaluate(WIDGETS)

    @property
    def formulas(self):
        return self.page.evaluate(FORMULAS)

    @property
    def untypeset(self):
        return [f["source"] for f in self.formulas if f["wrong"] or not f["typeset"]]

    def weight(self):
        """The bytes of everything that the page loads, each file compressed as servers do."""
        loaded = [r for r in self.responses if not r.url.startswith(("blob:", "data:"))]
        return sum(len(gzip.compress(response.body(), 9)) for response in loaded)


def visit(context, address, patience=PATIENCE):
    """Open an address and watch the page from its first byte on."""
    page = context.new_page()
    page.set_default_timeout(patience)
    seen = Visit(page)

    def on_request(request):
        if not request.url.startswith(LOCAL):
            seen.outside_requests.append(request.url)

    def on_console(message):
        if message.type in {"error", "warning"}:
            seen.complaints.append(f"{message.type}: {message.text}")

    page.on("request", on_request)
    page.on("requestfailed", lambda request: seen.failed_requests.append(request.url))
    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("response", lambda response: seen.responses.append(response))
    page.goto(address, wait_until="load")
    return seen.settle()


def axe_violations(page, about="everything"):
    """What axe-core objects to, one line each. What only a color can break takes half of its time,
    and is left to a look at each theme.
    """
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE.read_text(encoding="utf8"))
    # All that passed stays in the browser: sending it here takes longer than the checks.
    found = page.evaluate(
        """options => axe.run({ resultTypes: ["violations"], ...options })
          .then(({ violations }) => violations)""",
        RULES[about],
    )
    return [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]]
