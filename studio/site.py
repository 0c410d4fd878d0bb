"""The studio without a server, as static files: the built page, Pyodide's Python, and the packages of netdsl's core.

    python studio/site.py build/site

pydantic-core is compiled code, of which PyPI has a wheel for Pyodide; all other packages are Python alone. What draws
pixels and PDF is compiled too, and has none: there the page draws its PNG itself.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE = ROOT / "netdsl" / "tools" / "studio" / "page"
PYODIDE = HERE / "node_modules" / "pyodide"
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
COMMANDS_ALONE = ("click", "resvg-py", "rich", "svg2pdf-py")
"""Of the core's dependencies those that its answers to a page do not need."""
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The editor makes its styles by script, and a static page has no nonce that would let them in alone."""


def main(out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    (out / "pyodide").mkdir(parents=True)
    for name in RUNTIME:
        shutil.copy(PYODIDE / name, out / "pyodide" / name)
    for name in ("studio.js", "studio.css", "icon.svg", "licenses.txt"):
        shutil.copy(PAGE / name, out / name)
    shutil.copy(HERE / "src" / "compiler.js", out / "compiler.js")
    (out / "index.html").write_text(page((PAGE / "index.html").read_text("utf-8")), "utf-8")
    packages(out / "python.zip")
    size = sum(each.stat().st_size for each in out.rglob("*") if each.is_file())
    print(f"wrote {out}, {size / 1e6:.1f} MB")


def page(text: str) -> str:
    """The page, which asks a worker instead of a server."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    text = text.replace('data-compiler="server"', 'data-compiler="here"').replace(' nonce="{nonce}"', "")
    return text.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}')


def needed() -> list[str]:
    """The packages that the answers stand on, as the project asks for them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pygments = [each for each in project["optional-dependencies"]["studio"] if each.startswith("pygments")]
    return pygments + [each for each in project["dependencies"] if not each.startswith(COMMANDS_ALONE)]


def packages(out: Path) -> None:
    """What Python needs beside its own library, in one archive."""
    info = json.loads((PYODIDE / "pyodide-lock.json").read_text("utf-8"))["info"]
    version = re.match(r"\d+\.\d+", info["python"])
    assert version is not None
    tag = f"pyemscripten_{info['abi_version']}_wasm32"
    with TemporaryDirectory() as folder, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-qq", "--only-binary", ":all:", "--dest", folder,
             "--python-version", version[0], "--implementation", "cp", "--abi", f"cp{version[0].replace('.', '')}",
             "--abi", "none", "--platform", tag, *needed()],
            check=True,
        )  # fmt: skip
        for wheel in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(wheel) as packed:
                for name in packed.namelist():
                    archive.writestr(name, packed.read(name))
        for top, under in ((ROOT / "netdsl", "netdsl"), (ROOT / "specs", "netdsl/specs")):
            for path in sorted(top.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts and path.parent != PAGE:
                    archive.write(path, f"{under}/{path.relative_to(top)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/site"))
