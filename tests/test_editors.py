"""What editors are given: the VS Code extension, as far as it can be checked without an editor."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import netdsl
from netdsl import ops
from netdsl.compiler import compile
from netdsl.syntax.lex import KEYWORDS
from netdsl.text.source import Source
from netdsl.tools.vocabulary import vocabulary

FOLDER = Path(__file__).parent.parent / "editors" / "vscode"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("*.json")))
def test_json_is_valid(name: str) -> None:
    assert isinstance(read(name), dict)


def test_the_manifest_names_files_that_are_there() -> None:
    manifest = read("package.json")
    given = manifest["contributes"]
    (language,), (grammar,), (snippets,) = given["languages"], given["grammars"], given["snippets"]
    assert (
        language["extensions"] == [".net"] and language["id"] == grammar["language"] == snippets["language"] == "netdsl"
    )
    for path in (language["configuration"], grammar["path"], snippets["path"], "README.md", "LICENSE.txt"):
        assert (FOLDER / path).is_file(), path
    assert grammar["scopeName"] == read("syntaxes/netdsl.tmLanguage.json")["scopeName"]
    assert manifest["version"] == netdsl.__version__
    assert (FOLDER / "LICENSE.txt").read_text() == (FOLDER.parent.parent / "LICENSE").read_text()


def test_every_command_and_setting_is_used() -> None:
    given = read("package.json")["contributes"]
    source = "".join(path.read_text("utf-8") for path in (FOLDER / "src").glob("*.ts"))
    declared = {each["command"] for each in given["commands"]}
    registered = set(re.findall(r'registerCommand\("([\w.]+)"', source))
    assert declared == registered
    assert "netdsl.showVariant" not in declared, "the language client registers the server's own commands"
    for setting in given["configuration"]["properties"]:
        if "trace" not in setting:  # the language client reads that one
            assert f'settings.get("{setting.removeprefix("netdsl.")}"' in source


def test_the_server_knows_the_requests() -> None:
    source = "".join(path.read_text("utf-8") for path in (FOLDER / "src").glob("*.ts"))
    server = (Path(netdsl.__file__).parent / "tools" / "lsp" / "server.py").read_text("utf-8")
    asked = set(re.findall(r'sendRequest<[^(]*>\("(netdsl/\w+)"', source)) | {"netdsl.showVariant"}
    assert asked == {"netdsl/diagram", "netdsl/summary", "netdsl.showVariant"}
    for each in asked:
        assert f'"{each}"' in server


# The grammar -----------------------------------------------------------------------------------------------------------


def test_the_grammar_is_what_its_script_makes() -> None:
    script = FOLDER / "scripts" / "grammar.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, cwd=FOLDER.parent.parent
    )
    assert done.returncode == 0, done.stdout + done.stderr


def patterns(node: Any) -> list[str]:
    """All regular expressions of a grammar."""
    if isinstance(node, list):
        return [each for item in node for each in patterns(item)]
    if not isinstance(node, dict):
        return []
    own = [node[key] for key in ("match", "begin", "end") if key in node]
    return own + [each for item in node.values() for each in patterns(item)]


def test_the_grammar_knows_every_word() -> None:
    grammar = read("syntaxes/netdsl.tmLanguage.json")
    known = {word for each in patterns(grammar) for word in re.findall(r"[A-Za-z_]\w+", each)} | {"as", "if", "or"}
    known |= {word for each in patterns(grammar) for word in re.findall(r"\b\w+\b", each)}
    assert set(ops.names()) <= known
    assert set(KEYWORDS) <= known
    assert set(vocabulary().operators) | set(vocabulary().blocks) <= known


def test_the_grammars_patterns_are_sound() -> None:
    grammar = read("syntaxes/netdsl.tmLanguage.json")
    included = set(re.findall(r'"include": "#(\w+)"', json.dumps(grammar)))
    assert included <= set(grammar["repository"])
    for each in patterns(grammar):
        # Python knows no lookbehind that begins with an anchor, which the engine of editors does.
        re.compile(each.replace("(?:^|(?<=[;{|]))", ""))


@pytest.mark.parametrize("word", ["relu6", "conv", "max pool", "FC", "scaled_tanh", "soft-max"])
def test_operators_are_found_whole(word: str) -> None:
    rule = read("syntaxes/netdsl.tmLanguage.json")["repository"]["operator"]
    found = re.match(rule["match"], f"{word}3-64/2")
    assert found and found[1] == word
    assert not re.match(rule["match"], f"{word}_")


# Snippets --------------------------------------------------------------------------------------------------------------


def filled(body: str) -> str:
    """A snippet's text when every placeholder takes its default."""
    defaults: dict[str, str] = {}
    for _ in range(3):  # a default may hold a placeholder

        def take(match: re.Match[str]) -> str:
            return defaults.setdefault(match[1], match[2])

        body = re.sub(r"\$\{(\d+):((?:[^${}]|\{[^{}]*\})*)\}", take, body)
    return re.sub(r"\$\{?(\d+)\}?", lambda match: defaults.get(match[1], ""), body)


# Where a snippet stands: the lines before it, and behind it.
AROUND = {
    "Network": ("", ""),
    "Block": ("input 3x64x64\n", "\ncell(8)\n"),
    "Residual": ("input 64x64x64\n", "\n"),
    "Table": ("input 3x64x64\n", "\n"),
    "Auxiliary head": ("input 3x64x64\nconv3-8\n", "\ngap\n"),
    "Claim of a shape": ("input 512x14x14\nmaxpool ", "\n"),
    "Claims": ("input 3x224x224\nblock a() { conv3-64 }\na()\n", "\n"),
    "Recipe": ("input 3x8x8\ngap; fc-10\n", "\n"),
}


@pytest.mark.parametrize("name", sorted(read("snippets/netdsl.json")))
def test_a_snippet_is_a_spec(name: str) -> None:
    snippet = read("snippets/netdsl.json")[name]
    assert snippet["description"] and snippet["prefix"]
    body = snippet["body"]
    before, behind = AROUND.get(name, ("input 3x64x64\n", "\n"))
    text = before + filled("\n".join(body) if isinstance(body, list) else body) + behind
    assert "$" not in text
    first = compile(Source("a.net", text))
    for variant in first.variants or (None,):
        errors = compile(Source("a.net", text), variant=variant).report.errors
        # the figures of a claim are the user's to fill in
        assert not [each.message for each in errors if not each.code.startswith("E05")], text


def test_the_snippets_that_were_promised() -> None:
    prefixes = {each for snippet in read("snippets/netdsl.json").values() for each in _listed(snippet["prefix"])}
    assert {"net", "conv", "inception", "residual", "table", "aux", "expect"} <= prefixes


def _listed(prefix: str | list[str]) -> list[str]:
    return [prefix] if isinstance(prefix, str) else prefix


# The package -----------------------------------------------------------------------------------------------------------


def test_the_lock_file_names_hashes_and_no_place() -> None:
    lock = read("package-lock.json")
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages and all("resolved" not in each for each in packages.values())
    assert all(each.get("integrity") for each in packages.values() if not each.get("link"))
    assert lock["packages"][""]["devDependencies"] == read("package.json")["devDependencies"]
    assert "omit-lockfile-registry-resolved=true" in (FOLDER / ".npmrc").read_text()


def test_its_own_tests() -> None:
    if not (FOLDER / "node_modules").is_dir() or shutil.which("npm") is None:
        pytest.skip("`npm ci` has not been run in editors/vscode")
    done = subprocess.run(["npm", "test"], cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_a_server_without_its_library_tells_the_editor(tmp_path: Path) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}).encode()
    code = (
        "import sys; sys.modules['pygls'] = None\n"
        "import netdsl.tools.cli.lsp as lsp; lsp.find_spec = lambda name: None\n"
        "from netdsl.tools.cli import main; sys.exit(main(['lsp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2 and b"pip install 'netdsl[lsp]'" in done.stderr
    first, second = (json.loads(part.partition(b"\r\n\r\n")[2]) for part in done.stdout.split(b"Content-Length")[1:])
    assert first["method"] == "window/showMessage" and "netdsl[lsp]" in first["params"]["message"]
    assert second["id"] == 1 and "netdsl[lsp]" in second["error"]["message"]
    done = subprocess.run([sys.executable, "-c", code], input=b"", capture_output=True, timeout=60)
    assert done.returncode == 2 and done.stdout == b""


def test_every_editor_is_told_how_it_starts_the_server() -> None:
    """Neovim before 0.11 too, which has no `vim.lsp.config`."""
    page = (Path(__file__).parent.parent / "docs" / "editors.md").read_text("utf-8")
    before = page.partition("Neovim before 0.11")[2].partition("\nHelix")[0]
    assert "vim.lsp.start(" in before and "vim.lsp.config(" not in before
    for editor in ("Neovim 0.11 and later", "Helix", "Emacs 29"):
        assert re.search(rf"{editor}(?:.|\n)*?\"netdsl\"(?:.|\n)*?\"?lsp", page), editor
