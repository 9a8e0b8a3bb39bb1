"""Every page of the book in a real browser: alive without a network, readable by everyone."""

import functools
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import serve
from pages import axe_violations, visit

ROOT = Path(__file__).resolve().parents[1]
HEAVIEST_PAGE = 900 * 1024
PHONE = {"width": 390, "height": 740}
NARROWEST = {"width": 360, "height": 740}
TOUCH = {"has_touch": True, "is_mobile": True}
WHITE = ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
# A page with an explorer of each kind, and what can be moved in its pictures besides thresholds.
EXPLORERS = {
    "intro": [],
    "relu_networks": [],
    "setup": ["start θ(0), moved by the arrow keys"],
}
# The widest that the page is, at once and after what is redrawn when the room has changed.
WIDTH = """async () => {
  const width = () => document.documentElement.scrollWidth;
  const before = width();
  for (let i = 0; i < 2; i++) await new Promise((next) => requestAnimationFrame(next));
  return Math.max(before, width());
}"""
# A line of an accessibility tree: role and, unless it has none, name.
CONTROL = re.compile(r'- (button|checkbox|slider|spinbutton|textbox)(?: "(.+?)")?(?:[ :\n]|$)')


def page_names(*, appendix=True):
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    parts = [part for part in contents["parts"] if appendix or part["caption"] != "Appendix"]
    chapters = [chapter["file"] for part in parts for chapter in part["chapters"]]
    return [contents["root"], *chapters, *(["search", "genindex"] if appendix else [])]


@functools.cache
def parsed(path):
    return BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


@pytest.fixture
def open_page(browser):
    """Opens addresses in a browser without history, in any look."""
    contexts = []

    def open_page(address, **look):
        contexts.append(browser.new_context(**look))
        return visit(contexts[-1], address)

    yield open_page
    for context in contexts:
        context.close()


def assert_alive(seen):
    assert not seen.outside_requests
    assert not seen.failed_requests
    assert not seen.complaints
    assert all(seen.widgets)
    assert not seen.untypeset


def switch_theme(page, theme):
    """As the reader's system does it. Colors must not fade while they are looked at."""
    page.add_style_tag(content="* { transition: none !important; }")
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(f"document.documentElement.dataset.theme === '{theme}'")


@pytest.fixture(scope="module", params=page_names())
def seen(request, browser, book_address):
    """A page of the served book, opened once for the three looks at it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    seen = visit(context, f"{book_address}/{request.param}.html")
    seen.name = request.param
    yield seen
    context.close()


class TestEveryPage:
    def test_over_http(self, seen, record_property):
        assert_alive(seen)
        assert not seen.page.locator("figure img:not([alt]), figure img[alt='']").count()
        weight = seen.weight()
        record_property("page weight", f"{seen.name}: {weight / 1024:.0f} KiB")
        assert weight <= HEAVIEST_PAGE
        assert not axe_violations(seen.page)

    def test_in_the_dark(self, seen):
        switch_theme(seen.page, "dark")
        assert not axe_violations(seen.page, "colors")
        assert_alive(seen)

    def test_on_a_phone(self, seen):
        switch_theme(seen.page, "light")
        seen.page.set_viewport_size(PHONE)
        assert not axe_violations(seen.page, "all but colors")
        seen.page.set_viewport_size(NARROWEST)
        assert seen.page.evaluate(WIDTH) <= NARROWEST["width"]
        assert not seen.page.locator(".cards .table-box[tabindex]").count()  # none scrolls sideways
        assert_alive(seen)


@pytest.mark.parametrize("name", page_names())
def test_every_page_as_a_file(name, open_page, book):
    assert_alive(open_page((book / f"{name}.html").as_uri()))


def test_every_page_says_what_it_is_about(book):
    descriptions = []
    for name in page_names()[:-2]:
        page = parsed(book / f"{name}.html")
        description = page.select_one("meta[name=description]")["content"]
        assert page.select_one("meta[property='og:description']")["content"] == description
        assert page.select_one("meta[property='og:title']")["content"] in page.title.string
        assert 40 < len(description) <= 202
        descriptions.append(description)
    assert len(set(descriptions)) == len(descriptions)


def test_the_page_of_the_package_takes_no_sentence_for_a_type_and_no_name_for_two(book):
    page = parsed(book / "book" / "api.html")
    sections = {"Parameters:", "Attributes:", "Settings:", "Returns:", "Raises:", "Warns:"}
    assert {label.get_text() for label in page.select("dl.field-list > dt")} == sections
    names = page.select("dl.field-list :is(li, dd) > p > strong:first-child")
    names = [name for name in names if name.previous_sibling is None]
    assert len(names) > 250
    for name in names:
        assert re.fullmatch(r"\**\w+", name.get_text())
        assert not name.find_parent(["li", "dd"]).get_text().rstrip().endswith("–")
    assert "object at 0x" not in page.get_text() and "<function" not in page.get_text()
    assert "TEST_NEVER_REACHED = 'test never reached'" in page.get_text()
    settings = page.select_one("[id='grokedu.explorers.RidgeExplorer'] ~ dd").get_text()
    assert "weight decay λ: 0 or a number from 1e-07 to 1, at first 0.0001; has a c" in settings


def test_every_question_has_one_right_answer_and_every_answer_a_reason(book):
    for name in page_names(appendix=False):
        page = parsed(book / f"{name}.html")
        questions = page.select(".quiz fieldset.question")
        assert 3 <= len(questions) <= 5
        for question in questions:
            assert question.legend.get_text(strip=True)
            assert len(question.select("input[type=radio].right")) == 1
            assert len(question.select("input[type=radio].wrong")) >= 1
            for answer in question.select(".answer"):
                assert answer.label["for"] == answer.input["id"]
                assert len(answer.select_one(".reason").get_text().split()) > 3


def test_a_quiz_answers_by_itself(browser, book):
    """With neither scripts nor network, by keyboard: what is chosen says why, and is counted."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book / "book" / "setup.html").as_uri())
    quiz = page.locator(".quiz")
    assert not quiz.locator(".reason:visible").count()
    for question in quiz.locator("fieldset.question").all():
        question.get_by_role("radio").first.focus()
        page.keyboard.press("Space")
        for kind, verdict in (("wrong", "Not so."), ("right", "Right.")):
            question.locator(f"input.{kind}").last.check()
            said = question.locator("[role=status] .reason:visible")
            assert said.count() == 1
            assert said.inner_text().startswith(verdict)
    context.close()


def test_the_site_is_complete(browser, book):
    assert (book / ".nojekyll").exists()
    page = browser.new_page()
    page.goto((book / "404.html").as_uri())
    page.get_by_role("link").click()
    page.wait_for_url("**/book/intro.html")
    page.locator("a[href$='licenses.txt']").click()
    assert "mathjax" in page.locator("pre").inner_text()
    page.close()


def test_a_search_shows_the_text_of_pages_and_no_buttons(open_page, book_address):
    page = open_page(f"{book_address}/search.html?q=ridge").page
    summaries = page.locator("#search-results li p.context")
    summaries.first.wait_for()
    words = "\n".join(summaries.all_inner_texts())
    assert "ridge" in words.lower()
    assert "Print to PDF" not in words and "Contents" not in words


def press_the_download_button(page):
    page.get_by_role("button", name="Download this page").click()
    page.get_by_role("link", name=".ipynb").click()


def test_the_download_button_saves_the_notebook(open_page, book_address):
    page = open_page(f"{book_address}/book/notation.html").page
    with page.expect_download() as download:
        press_the_download_button(page)
    notebook = nbformat.read(download.value.path(), as_version=4)
    assert page.locator("article h1").inner_text().rstrip("#\n") in notebook.cells[0].source


def test_the_download_button_leads_to_the_notebook_among_files(open_page, book):
    """Without a server Chromium shows the notebook in a tab of its own."""
    page = open_page((book / "book" / "notation.html").as_uri()).page
    with page.expect_popup() as tab:
        press_the_download_button(page)
    shown = nbformat.reads(tab.value.locator("pre").text_content(), as_version=4)
    assert shown == nbformat.read(book / "_sources" / "book" / "notation.ipynb", as_version=4)


def test_one_button_opens_all_folded_code_and_folds_it_again(open_page, book_address):
    page = open_page(f"{book_address}/book/intro.html").page
    folded = page.locator("details.hide.above-input")
    assert folded.count() > 1
    for name, count in (("Show all code", folded.count()), ("Hide folded code", 0)):
        page.get_by_role("button", name=name).click()
        assert page.locator("details.hide.above-input[open]").count() == count


def test_the_index_leads_to_the_first_chapter(browser, book):
    page = browser.new_page()
    page.goto((book / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    page.close()


@pytest.mark.parametrize("name", EXPLORERS)
def test_without_scripts_every_explorer_is_a_figure_and_a_table(name, browser, book):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book / "book" / f"{name}.html").as_uri())
    still = page.locator(".grokedu-still").first
    assert still.get_by_role("img").is_visible()
    assert ("plane" in still.get_by_role("img").get_attribute("alt")) == (name == "setup")
    assert still.get_by_role("table").is_visible()
    assert still.locator("figcaption").is_visible()
    context.close()


def test_without_scripts_a_page_can_be_read_whatever_the_system_prefers(browser, book):
    """axe needs scripts: what it would measure is compared with the page as light looks."""
    looks = []
    for scheme in ("light", "dark"):
        context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
        page = context.new_page()
        page.goto((book / "book" / "notation.html").as_uri())
        assert page.locator("article noscript").is_visible()
        looks.append(page.screenshot())
        context.close()
    assert looks[0] == looks[1]


@pytest.mark.parametrize("name", EXPLORERS)
def test_on_paper_an_explorer_is_a_figure_and_a_table_in_a_light_theme(
    name, open_page, book_address
):
    """They show the state that is on the screen, and nothing to press."""
    page = open_page(f"{book_address}/book/{name}.html", color_scheme="dark").page
    explorer = page.locator(".grokedu-explorer").first
    field = explorer.locator("[data-setting=weight_decay] input[type=text]")
    field.fill("0.00123")
    field.press("Enter")
    page.evaluate(
        """addEventListener("beforeprint", () => {
          const style = getComputedStyle(document.querySelector(".grokedu-plot"));
          globalThis.onPaper = style.getPropertyValue("--gk-page");
        })"""
    )
    page.pdf()
    assert page.evaluate("onPaper") == "#ffffff"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert explorer.locator("svg").first.is_visible()
    assert explorer.locator("table").is_visible()
    assert "λ = 0.00123" in explorer.locator(".gk-on-paper").inner_text()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in WHITE
    left = CONTROL.findall(explorer.aria_snapshot())
    parts = [*EXPLORERS[name], "training threshold ε", "test threshold c"]  # of the figures
    assert left == [("slider", part) for part in parts]


def test_on_a_phone_a_finger_drags_the_start_of_the_valley(open_page, book_address):
    """And the page stays where it is."""
    page = open_page(f"{book_address}/book/setup.html", viewport=PHONE, **TOUCH).page
    grip = page.get_by_role("slider", name="start θ(0)").first.locator("circle")
    grip.scroll_into_view_if_needed()
    box, scrolled = grip.bounding_box(), page.evaluate("scrollY")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = page.context.new_cdp_session(page)
    for kind, up in (("touchStart", 0), ("touchMove", 20), ("touchMove", 40), ("touchEnd", None)):
        points = [] if up is None else [{"x": x, "y": y - up}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function(
        "(length) => document.querySelector('[data-kind=valley]').__grokedu.state.start_length"
        " !== length",
        arg=1.5,
    )
    assert grip.bounding_box()["y"] == pytest.approx(box["y"] - 40, abs=1)
    assert page.evaluate("scrollY") == scrolled


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_has_a_name_of_its_own(name, open_page, book_address):
    page = open_page(f"{book_address}/book/{name}.html").page
    controls = CONTROL.findall(page.locator(".grokedu-explorer").first.aria_snapshot())
    names = [name for _, name in controls]
    assert len(names) >= 15
    assert all(names)
    assert len(set(names)) == len(names)


BROKEN_PAGE = """<!doctype html><html data-widgets="ready"><title>Broken</title>
<article><span class="math">\\(x^2\\)</span></article>
<script type="application/vnd.jupyter.widget-view+json">{}</script><div></div>
<script src="https://example.org/loader.js"></script><img src="missing.png"></html>"""


def test_a_broken_page_fails_the_same_checks(tmp_path, open_page):
    """The control: as a page is without our extension."""
    (tmp_path / "index.html").write_text(BROKEN_PAGE)
    with serve(tmp_path) as address:
        seen = open_page(f"{address}/index.html")
    assert seen.outside_requests == ["https://example.org/loader.js"]
    assert seen.failed_requests == seen.outside_requests
    assert len(seen.complaints) >= 2
    assert seen.widgets == [False]
    assert len(seen.untypeset) == 1
