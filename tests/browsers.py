"""Find the Chromium or Chrome of this machine, for the tests and the benchmarks.

python tests/browsers.py            prints where it is
python tests/browsers.py install    installs Debian's if there is none and we may
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
APPLICATIONS = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
]
HOW_TO_GET_ONE = """\
The browser tests need Chromium or Chrome, and none was found. Please install one:
  Debian, Ubuntu: sudo apt-get install chromium
  Fedora:         sudo dnf install chromium
  macOS:          brew install --cask google-chrome"""


def find(names=NAMES, applications=APPLICATIONS):
    """The path of the browser, or None."""
    on_path = map(shutil.which, names)
    as_application = (path for path in applications if Path(path).is_file())
    return next(filter(None, [*on_path, *as_application]), None)


def install():
    """Install Debian's Chromium, where we are root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("Installing chromium for the browser tests", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("update -qq", "install -qq -y chromium"):
        order = ["apt-get", *command.split()]
        subprocess.run(order, check=False, env=environment, stdout=subprocess.DEVNULL)


def main(install_if_missing):
    if find() is None and install_if_missing:
        install()
    found = find()
    if found is None:
        sys.exit(HOW_TO_GET_ONE)
    if not install_if_missing:
        print(found)


if __name__ == "__main__":
    main(install_if_missing=sys.argv[1:] == ["install"])
