"""All figures of the book on one page, a screen each: to teach with, or to print.

Arrow keys, space and swipes go from one to the next by the browser's own scroll snapping.
"""

import posixpath
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup

SLIDES = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>The pictures of “{title}”</title>
<style>
html {{ scroll-snap-type: y mandatory; font: 1.1rem/1.4 system-ui, sans-serif; }}
body {{ margin: 0; color: #20262e; background: #fff; }}
section {{
  min-height: 100vh; box-sizing: border-box; padding: 1.5rem 5vw; scroll-snap-align: start;
  display: flex; flex-direction: column; justify-content: center;
}}
a {{ color: #1a5799; }}
h1, h2 {{ margin: 0; font-weight: 600; }}
h2 {{ font-size: 1.2rem; }}
figure {{ margin: 0; }}
img {{ display: block; width: 100%; max-height: 66vh; object-fit: contain; margin: 1rem 0; }}
figcaption p {{ max-width: 60rem; margin: 0 auto; }}
.headerlink {{ display: none; }}
@media screen and (prefers-color-scheme: dark) {{
  body {{ color: #dfe4ea; background: #14181d; }}
  a {{ color: #8ab8ee; }}
  img {{ background: #fff; filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }}
}}
@media print {{
  @page {{ size: landscape; }}
  section {{ min-height: 0; break-after: page; break-inside: avoid; }}
}}
</style>
{scripts}
</head>
<body>
<main>
<section>
<h1>The pictures of “{title}”</h1>
<p>One a screen: ↓ leads to the next. The name of a chapter leads to its place in the book.</p>
</section>
{sections}
</main>
</body>
</html>
"""


def write(folder, names, title):
    """`slides.html` in `folder`, from the finished pages of these names, in their order."""
    pages = {
        f"{name}.html": BeautifulSoup((folder / f"{name}.html").read_text("utf8"), "html.parser")
        for name in names
    }
    sections = [slide for address, page in pages.items() for slide in slides(address, page)]
    scripts = max((math_scripts(address, page) for address, page in pages.items()), key=len)
    html = SLIDES.format(
        title=escape(title), scripts="\n".join(scripts), sections="\n".join(sections)
    )
    Path(folder, "slides.html").write_text(html, encoding="utf8")


def slides(address, page):
    for figure in page.select("figure[id]"):
        chapter = page.h1.find(string=True, recursive=False)
        link = f'<a href="{address}#{figure["id"]}">{escape(chapter)}</a>'
        for tag in figure.select("[src], [href]"):
            _move(tag, address)
        del figure["class"]
        name = figure["id"]
        yield f'<section id="slide-{name}">\n<h2>{link}</h2>\n{figure}\n</section>'


def math_scripts(address, page):
    """What sets the formulas of a page: settings first, then MathJax."""
    scripts = [tag for tag in page.select("script") if "mathjax" in str(tag).lower()]
    for tag in scripts:
        _move(tag, address)
    return [str(tag) for tag in scripts]


def _move(tag, address):
    """Let the address in a tag of a page hold from the folder of all pages."""
    for name in {"src", "href"} & set(tag.attrs):
        if tag[name].startswith("#"):
            tag[name] = address + tag[name]
        elif ":" not in tag[name]:
            tag[name] = posixpath.normpath(posixpath.join(posixpath.dirname(address), tag[name]))
