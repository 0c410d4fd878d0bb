"""`python -m netdsl.tools.site FOLDER`: the site, written and built."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from os.path import relpath
from pathlib import Path

from netdsl.tools.site.build import write


def main(folder: Path) -> int:
    """Write the pages into a folder, and build the site of them."""
    zensical = shutil.which("zensical", path=str(Path(sys.executable).parent))
    if zensical is None:
        print("the site is built by Zensical, which is not installed: pip install 'netdsl[docs]'", file=sys.stderr)
        return 2
    write(folder)
    done = subprocess.run([zensical, "build", "--strict"], cwd=folder)
    if done.returncode == 0:
        alone(folder / "site")
        print(f"wrote {folder / 'site'}; look at it: {sys.executable} -m http.server -d {folder / 'site'}")
    return done.returncode


def alone(site: Path) -> None:
    """Let the pages take the one script that Zensical loads from elsewhere from among their own files."""
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        own = relpath(site / "iframe-worker.js", page.parent)
        page.write_text(re.sub(r"https://[\w.]+/iframe-worker/shim", own, text), "utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2]) if sys.argv[1:] else Path("build/docs")))
