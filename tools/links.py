"""Follow every link of the built book: inside the book, to its places, and out into the web.

    python tools/links.py    after tools/build.py

Links into the web are followed by Sphinx, with the settings `linkcheck_…` of _config.yml.
"""

import html
import json
import posixpath
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
FINE = {"working", "redirected", "ignored"}


def inside(folder):
    """(page, link, whether it leads to a file and a place in it) of the links within the book."""
    pages = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf8")
        for file in folder.rglob("*.html")
        if "_static" not in file.parts
    }
    places = {name: _values("id", "[a-z][a-z0-9]*", page) for name, page in pages.items()}
    for name, page in pages.items():
        for link in sorted(_values("href", "a", page)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = posixpath.join(posixpath.dirname(name), unquote(parts.path))
            target = posixpath.normpath(path) if parts.path else name
            place = unquote(parts.fragment)
            known = target not in places or not place or place in places[target]
            yield name, link, (folder / target).is_file() and known


def _values(attribute, tag, page):
    """The values of an attribute in all tags of a kind."""
    found = re.findall(rf'<{tag}\b[^>]*\s{attribute}="([^"]*)"', page)
    return set(map(html.unescape, found))


def outside(root):
    """(page, link, status, what the server said) of each link into the web."""
    work = root / "_build" / "links" / "_build"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / ".jupyter_cache").symlink_to(root / "_build" / ".jupyter_cache")
    program = shutil.which("jupyter-book", path=sysconfig.get_path("scripts"))
    order = [program, "build", ".", "-q", "--builder", "linkcheck", "--path-output", work.parent]
    run = subprocess.run(
        order, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    report = work / "html" / "output.json"
    if not report.exists():
        sys.exit(run.stdout)
    for line in report.read_text(encoding="utf8").splitlines():
        found = json.loads(line)
        if urlsplit(found["uri"]).netloc:
            yield found["filename"], found["uri"], found["status"], found["info"]


def main():
    links = list(inside(ROOT / "_build" / "html"))
    broken = [(page, link) for page, link, leads in links if not leads]
    print(f"{len(links):,} links inside the book, of which {len(broken)} lead nowhere")
    for page, link in broken:
        print(f"  {page}: {link}")
    bad = len(broken)
    print("Following the links into the web", flush=True)
    for page, link, status, info in sorted(outside(ROOT)):
        bad += status not in FINE
        print(f"  {status:10} {page}: {link}{f' ({info})' if info else ''}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
