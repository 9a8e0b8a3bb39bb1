"""Cut the icon font down to the icons that the pages show: from 156 kB to a few."""

import re

from fontTools import subset
from fontTools.ttLib import TTFont

STYLE = "_static/styles/pydata-sphinx-theme.css"
FONTS = "_static/vendor/fontawesome/webfonts"
FONT_SOURCE = re.compile(r"src:url\([^)]*fa-solid-900\.woff2\)[^;}]*")
NEW_SOURCE = 'src:url(../vendor/fontawesome/webfonts/fa-solid-900.woff) format("woff")'
RULE = re.compile(r'([^{}]+)\{[^{}]*content:"\\(f[0-9a-f]{3})"')
ICON_NAME = re.compile(r'fa-([a-z0-9-]+)|"icon": ?"([a-z0-9-]+)"')
OTHER_CODE = re.compile(r'"\\(f[0-9a-f]{3})"')

# ipywidgets puts these names together at run time.
WIDGET_ICONS = {"play", "pause", "stop", "repeat", "exchange", "check", "times"}


def shrink(folder):
    """Replace the font of the finished book in `folder`, and the line that asks for it."""
    style = folder / STYLE
    text = style.read_text(encoding="utf8")
    if NEW_SOURCE in text:  # no page has changed since
        return
    codes = _codes_in_use(folder, text)
    source = folder / FONTS / "fa-solid-900.ttf"
    _write_subset(source, codes, source.with_suffix(".woff"))
    text, count = FONT_SOURCE.subn(NEW_SOURCE, text)
    if count != 1:
        raise RuntimeError(f"the theme asks for its icons in a new way: see {STYLE}")
    style.write_text(text, encoding="utf8")


def _codes_in_use(folder, theme_style):
    codes_by_name, codes = {}, set()
    for selectors, code in RULE.findall(theme_style):
        names = re.findall(r"\.fa-([a-z0-9-]+)", selectors)
        codes_by_name.update(dict.fromkeys(names, code))
        if not names:
            codes.add(code)
    files = [*folder.rglob("*.html"), *folder.glob("_static/**/*.js")]
    text = "\n".join(file.read_text(encoding="utf8") for file in files)
    names = {name for pair in ICON_NAME.findall(text) for name in pair} | WIDGET_ICONS
    codes |= {codes_by_name[name] for name in names if name in codes_by_name}
    for sheet in folder.glob("_static/**/*.css"):
        if sheet != folder / STYLE:
            codes |= set(OTHER_CODE.findall(sheet.read_text(encoding="utf8")))
    codes |= set(re.findall(r'--pst-icon[^:]*:"\\(f[0-9a-f]{3})"', theme_style))
    return codes


def _write_subset(source, codes, target):
    font = TTFont(source)
    options = subset.Options(notdef_outline=True, layout_features=[])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[int(code, 16) for code in codes])
    cutter.subset(font)
    font.flavor = "woff"
    font.save(target)
