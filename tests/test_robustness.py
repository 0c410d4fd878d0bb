"""Inputs made to cost or to break something: each kind is refused, or answered rightly, in bounded time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import netdsl
import netdsl.backends.torch
from netdsl.analysis.fixes import fix
from netdsl.analysis.lint import lint
from netdsl.compiler import compile
from netdsl.elaborate import build, files
from netdsl.elaborate.extent import Limit
from netdsl.ir import Network
from netdsl.passes.windows import Axis, seen
from netdsl.text.source import Source
from netdsl.tools.cli import main

LINUX = pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="without files that stand for pipes")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("NETDSL_DEBUG", raising=False)


def told(text: str, directory: Path | None = None) -> list[str]:
    """The codes of the messages about a text."""
    return [each.code for each in compile(Source("a.net", text), directory=directory).report]


# Reading files -------------------------------------------------------------------------------------------------------


@LINUX
def test_a_pipe_is_read_once_each_time() -> None:
    for _ in range(2):
        for variants in ("rleu\n", "table\n| A | B |\n|---|---|\n| rleu | rleu |\n"):
            done = subprocess.run(
                [sys.executable, "-m", "netdsl.tools.cli", "check", "/dev/stdin"],
                input=("input 3x8x8\n" + variants).encode(),
                capture_output=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                timeout=60,
            )
            assert done.returncode == 1
            assert b"rleu" in done.stderr and b"E0703" not in done.stderr


@LINUX
def test_a_fifo_that_nobody_writes_into_is_empty_and_one_with_a_writer_is_read() -> None:
    os.mkfifo("f")
    assert [each.code for each in compile("f").report] == ["E0703"]
    writer = Thread(target=lambda: Path("f").write_text("input 3x8x8\nrelu\n"))
    writer.start()
    while compile("f").network is None:
        pass
    writer.join()
    assert told('use "f"\ninput 3x8x8\nrelu\n', Path.cwd()) == ["E0001"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="without devices")
def test_what_is_no_file_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "/dev/zero"]) == 2
    assert "neither a file nor a pipe" in capsys.readouterr().err


def test_of_a_large_file_no_more_is_read_than_a_spec_may_have(capsys: pytest.CaptureFixture[str]) -> None:
    with open("big.net", "wb") as file:
        file.truncate(3 * 2**30)
    for command in ("check", "fmt"):
        assert main([command, "big.net"]) == 2
        assert "larger than 1 MiB" in capsys.readouterr().err


def test_all_files_of_a_spec_together_have_a_limit() -> None:
    for number in range(5):
        Path(f"{number}.net").write_text("#" * (files.LARGEST - 1) + "\n")
    uses = [f'use "{number}.net"\n' for number in range(5)]
    assert told("".join(uses[:3]) + "input 3\nrelu\n", Path.cwd()) == []
    assert told("".join(uses) + "input 3\nrelu\n", Path.cwd()) == ["E0007"] * 2


def test_a_link_to_itself_is_told() -> None:
    os.symlink("loop.net", "loop.net")
    found = compile(Source("a.net", 'use "loop.net"\ninput 3\nrelu\n'), directory=Path.cwd()).report
    assert [each.code for each in found] in (["E0007"], ["E0001"])  # Python 3.13 follows links in another way


@pytest.mark.parametrize("sign", ["\t", "\u00ad"])
def test_a_comment_above_a_block_may_hold_any_sign(sign: str) -> None:
    assert told(f"# a{sign}b\nblock b() {{ relu }}\ninput 3x8x8\nb()\n") == []


@pytest.mark.parametrize("text", ["", "# nothing\n", 'source "a paper"\n'])
def test_a_file_without_a_network_is_wrong(text: str) -> None:
    assert told(text) == ["E0703"]
    Path("a.net").write_text(text)
    assert main(["check", "a.net"]) == 1


def test_a_file_of_definitions_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.net").write_text("block b { relu }\n")
    assert main(["check", "a.net"]) == 0
    assert "defines no network" in capsys.readouterr().out


# A network in JSON ---------------------------------------------------------------------------------------------------

SPEC = """\
net T
input image: 3x8x8
block b(n) { c: conv3-n }
b1: b(4)
aux side(0.3) { gap; fc-10 }
concat { conv1-4 | conv3-4 }
output mid
lab: fc-10
"""


def _texts(part: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all texts in a JSON value."""
    if isinstance(part, str):
        yield way
    elif isinstance(part, (dict, list)):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from _texts(inner, (*way, key))


@pytest.mark.parametrize(
    "evil", ['x", None); print("!"); ("', '"""\nprint("!")\n"""', "x\nprint('!')", "'+print('!')+'", "\\", "a b", "²"]
)
def test_no_text_of_a_network_in_json_runs(evil: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = netdsl.loads(SPEC).model_dump_json()
    emitted = 0
    for *way, last in _texts(json.loads(given)):
        changed = inner = json.loads(given)
        for key in way:
            inner = inner[key]
        inner[last] = evil
        try:
            network = Network.model_validate_json(json.dumps(changed))
            exec(netdsl.emit(network), {"__name__": "emitted"})
            emitted += 1
        except ValidationError:
            pass
    assert emitted  # free words: the net's name, its sources
    assert capsys.readouterr().out == ""


def test_a_label_that_is_no_identifier_becomes_one() -> None:
    from netdsl.backends.torch.names import variable

    for label in ("a b", "", "²", "1", "class", '"'):
        assert variable(label).isidentifier()


# Networks that are too large -----------------------------------------------------------------------------------------


def test_the_limit_is_of_layers() -> None:
    assert told("input 3\nrelu x1000001\n") == ["E0004"]
    compilation = compile(Source("a.net", "input 3\nrelu x1000\n"), most=Limit(1000, 2000, "is it too large?"))
    assert not list(compilation.report) and compilation.network is not None
    assert len(compilation.network.nodes) == 1000


def chain(first: str, link: str) -> str:
    """Forty blocks, each of which calls the one before as `link` says."""
    blocks = [f"block b0 {{ {first} }}", *(f"block b{n + 1} {{ {link.format(n=n)} }}" for n in range(40))]
    return "\n".join(blocks) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        chain("relu", "b{n}; b{n}") + "input 3\nb40\n",
        chain("", "b{n}; b{n}") + "input 3\nb40\n",
        chain("relu", "b{n} x2") + "input 3\nb40\n",
        chain("relu", "add {{ b{n} | b{n} }}") + "input 3\nb40\n",
        "input 3\n{ {} x1000 } x100000\n",
        "input 3\n{ { relu x1000 } x1000 } x1000\n",
    ],
    ids=["twice", "empty", "repeated", "branches", "nothing", "nested"],
)
def test_what_comes_is_counted_before_it_is_made(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    scope = build.Builder.scope

    def counted(builder: build.Builder, kind: str, *more: Any, **given: Any) -> Any:
        made.append(kind)
        return scope(builder, kind, *more, **given)

    monkeypatch.setattr(build.Builder, "scope", counted)
    assert told(text) == ["E0004"]
    assert len(made) < 5000


def test_layers_used_again_are_counted_before_they_are_made() -> None:
    again = "".join(f"l{n + 1}: {{ reuse(l{n}); reuse(l{n}) }}\n" for n in range(40))
    text = f"input 3\nl0: {{ relu x40 }}\n{again}"
    found = compile(Source("a.net", text), most=Limit(1000, 2000, "is it too large?"))
    assert [each.code for each in found.report] == ["E0004"]
    assert found.network is not None and len(found.network.nodes) == 920


def test_blocks_may_stand_inside_one_another_as_far_as_layers_explain() -> None:
    found = compile(Source("a.net", "input 3\nblock a() { b() }\nblock b() { c() }\nblock c() { relu }\na() x9000\n"))
    assert found.valid and found.network is not None and len(found.network.nodes) == 9000


# Values, windows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["[l{n}, l{n}]", "[l{n}]", "a(l{n}, b=l{n})"])
def test_a_value_has_a_limit(link: str) -> None:
    params = "param l0 = [1, 1]\n" + "".join(f"param l{n + 1} = {link.format(n=n)}\n" for n in range(100))
    assert told(params + "input 3\nrelu\n") == ["E0604"]


def test_many_params_and_inputs_cost_no_more_than_each_of_them() -> None:
    def seconds(count: int) -> float:
        text = "".join(f"param p{n} = {n}\ninput i{n}: 3\n" for n in range(count)) + "relu\n"
        begun = perf_counter()
        assert told(text) == []
        return perf_counter() - begun

    seconds(100)
    assert seconds(4000) < 10 * max(seconds(1000), 0.01)  # four times, and room for a busy machine


@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 9),
    stride=st.integers(1, 9),
    dilation=st.integers(1, 6),
    pad=st.integers(0, 12),
    out=st.integers(1, 12),
)
def test_pixels_are_seen_as_if_windows_were_walked(**sizes: int) -> None:
    axis = Axis(**sizes)
    hit = {w * axis.stride + tap * axis.dilation - axis.pad for w in range(axis.out) for tap in range(axis.kernel)}
    walked = tuple(pixel in hit for pixel in range(axis.size))
    assert seen(axis) == (walked if any(walked) else (True,) * axis.size)


def test_windows_are_counted_not_walked() -> None:
    compilation = compile(Source("a.net", "input 3x32x32\nconv3-8/4(pad=1000000000)\n"))
    begun = perf_counter()
    lint(compilation)
    assert perf_counter() - begun < 5


# Weights -------------------------------------------------------------------------------------------------------------


def test_odd_tensors_are_refused_and_nothing_is_loaded() -> None:
    torch = pytest.importorskip("torch")
    model = netdsl.build(netdsl.loads("input 4\na: fc-4\nb: fc-2\n"))
    whole = {name: value + 1 for name, value in model.state_dict().items()}
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weight = whole["b.weight"]
    odd = [
        weight.to_sparse(),
        weight.to("meta"),
        torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8),
        weight.numpy(),
        SimpleNamespace(shape=weight.shape),
        weight.to(torch.int8),
        weight.to(torch.complex64),
        None,
    ]
    for value in odd:
        with pytest.raises(netdsl.backends.torch.WeightsError, match=r"`b\.weight`"):
            netdsl.load_weights(model, {**whole, "b.weight": value})
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    netdsl.load_weights(model, {name: value.half() for name, value in whole.items()})


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
@pytest.mark.parametrize(
    "data", [b"", b"\x80\x02", b"PK\x03\x04", b"\xff" * 99, b"\x08" + b"\0" * 7 + b'{"a":{}}', b"{}"]
)
def test_what_is_no_file_of_weights_is_told_in_one_sentence(name: str, data: bytes) -> None:
    pytest.importorskip("torch")
    Path(name).write_bytes(data)
    model = netdsl.build(netdsl.loads("input 4\nfc-4\n"))
    with pytest.raises(netdsl.backends.torch.WeightsError) as told:
        netdsl.load_weights(model, name)
    assert "\n" not in str(told.value)


def test_names_in_weights_are_made_visible() -> None:
    torch = pytest.importorskip("torch")
    model = netdsl.build(netdsl.loads("input 4\nfc-4\n"))
    with pytest.raises(netdsl.backends.torch.WeightsError) as told:
        netdsl.load_weights(model, {"\x1b[2J\n": torch.zeros(1)})
    assert str(told.value).isprintable()


# Files that extend one another ---------------------------------------------------------------------------------------


def test_a_long_chain_of_files_is_no_circle() -> None:
    Path("0.net").write_text("input 3\nrelu\n")
    for number in range(18):
        Path(f"{number + 1}.net").write_text(f'extends "{number}.net"\n')
    assert not list(compile("16.net").report)
    (problem,) = compile("18.net").report
    assert problem.code == "E0003" and "16 deep" in problem.message
    Path("0.net").write_text('extends "2.net"\n')
    (problem,) = compile("2.net").report
    assert problem.code == "E0705"


# What is shown -------------------------------------------------------------------------------------------------------

NASTY = "a\x1b[2J\u202eb.net"


@pytest.mark.parametrize("text", ["input 3\nrelu\n", "input 3\nrleu\n", ""])
@pytest.mark.parametrize("command", [["check"], ["lint"], ["summary"], ["summary", "--markdown"], ["fmt"], ["compile"]])
def test_names_of_files_are_made_visible(text: str, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for name in (NASTY, f"gone-{NASTY}"):
        if name == NASTY:
            Path(name).write_text(text)
        main([*command, name])
        shown = capsys.readouterr()
        for line in (shown.out + shown.err).split("\n"):
            assert line.replace("\xa0", " ").isprintable(), line


def test_html_in_a_spec_is_text_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.net").write_text('net T\ninput 3\nb: fc-4\nreported top1 = 4 "<script>alert(1)</script>"\n')
    assert main(["summary", "--markdown", "a.net"]) == 0
    assert "<script>" not in capsys.readouterr().out


# Files and streams that are out of the common ------------------------------------------------------------------------

PLAIN = "input 3x8x8\nconv3-4\nfc-10\n"


def shell(command: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What a shell makes of a command in which `netdsl` stands for this netdsl."""
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("netdsl", f"'{sys.executable}' -m netdsl", 1)],
        input=data,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
    )


@LINUX
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("text", "status"), [(PLAIN, 0), ("rleu\n", 1)])
def test_a_stream_that_is_closed_takes_what_is_written(closed: str, text: str, status: int) -> None:
    Path("a.net").write_text(text)
    done = shell(f"netdsl summary a.net {closed}")
    assert done.returncode == status
    assert b"internal error" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text here")
@pytest.mark.parametrize("text", [PLAIN, "input 3\nrleu\n", 'use "no.net"\n' + PLAIN])
def test_a_file_may_have_a_name_that_is_no_utf8(text: str) -> None:
    name = os.fsdecode(b"\xff\xfe.net")
    Path(name).write_text(text)
    Path("\xff.net").write_text(f'use "{ascii(name)[1:-1]}"\n{PLAIN}')
    for command in ("check", "summary", "lint", "fmt", "check --fix --diff", "draw -o a.svg"):
        main([*command.split(), name])
    status = main(["compile", "--to", "json", name, "-o", "a.json"])
    assert status == (0 if text == PLAIN else 1)
    if not status:
        network = Network.model_validate_json(Path("a.json").read_text("utf-8"))
        assert netdsl.digest(network) == netdsl.digest(netdsl.loads(PLAIN))


def test_the_longest_names_can_be_written() -> None:
    Path("a.net").write_text(PLAIN)
    longest = "n" * 252 + ".py"
    for _ in range(2):
        assert main(["compile", "a.net", "-o", longest]) == 0
    assert sorted(os.listdir()) == ["a.net", longest]


def test_of_a_file_with_several_names_it_is_told_that_the_others_stay(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.net").write_text("input   3x8x8\nconv3-4\n")
    os.link("a.net", "b.net")
    assert main(["fmt", "a.net"]) == 0
    assert Path("a.net").read_text() != Path("b.net").read_text()
    assert "'a.net' had another name (hard links), under which the old text stays" in capsys.readouterr().err


@pytest.mark.parametrize("write", ["new", "draw", "compile", "fmt"])
def test_a_full_disk_leaves_all_as_it_was(write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.net").write_text("input   3x8x8\nconv3-4\n")
    assert main(["compile", "a.net"]) == 0
    before = {name: Path(name).read_bytes() for name in os.listdir()}

    def full(handle: int, mode: str) -> Any:
        os.close(handle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    if write == "draw":
        with pytest.raises(OSError, match="No space"):
            netdsl.draw(netdsl.load("a.net"), "a.svg")
    else:
        given = {"new": ["vgg", "new.net"], "compile": ["a.net"], "fmt": ["a.net"]}[write]
        assert main([write, *given]) == 2
    assert {name: Path(name).read_bytes() for name in os.listdir()} == before


@LINUX
@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: 1000000000000\r\n\r\n{}",
        b"Content-Length: -5\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n{}",
        b"Content-Length: 20\r\n\r\n{}",
        b"Content-Length: 5\r\n\r\n\xff\xff\xff\xff\xff",
        b"garbage\r\n\r\n",
        b"\0" * 100_000,
    ],
)
def test_the_language_server_ends_cleanly_where_nobody_speaks_its_language(data: bytes) -> None:
    done = shell("netdsl lsp", data)
    assert done.returncode == 0
    assert b"internal error" not in done.stderr and b"Traceback" not in done.stderr


# Many of a kind -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines", ["rleu\n" * 3000, "block b() {\n" + "rleu\n" * 3000 + "}\nb()\n", "param x = y\n" * 3000]
)
def test_messages_have_an_end(lines: str) -> None:
    errors = compile(Source("a.net", f"input 3x8x8\n{lines}")).report.errors
    assert 100 <= len(errors) <= 1001
    assert any("the rest" in each.message or "twice" in each.message for each in errors)


def test_a_mistake_in_what_repeats_is_one_message() -> None:
    (error,) = compile(Source("a.net", "input 3x8x8\nrleu x5000\n")).report.errors
    assert error.code == "E0203"


def test_a_table_has_a_limit_of_columns_and_its_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdsl.tools.reports import in_every_variant

    parsed, real = [], files.parse
    monkeypatch.setattr(files, "parse", lambda source, report: parsed.append(source) or real(source, report))
    names = [f"C{number}" for number in range(256)]
    source = Source("a.net", f"input 3x8x8\ntable\n|{'|'.join(names)}|\n|{'relu|' * 256}\n")
    texts = files.Texts()
    found = in_every_variant(lambda variant: compile(source, variant=variant, texts=texts))
    assert list(found) == names and all(each.valid for each in found.values()) and len(parsed) == 1
    wide = Source("b.net", source.text.replace("|C0|", "|C0|more|").replace("|relu|", "|relu|relu|", 1))
    compilation = compile(wide)
    assert [each.code for each in compilation.report] == ["E0008"] and not compilation.variants


def test_a_wide_join_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    shapes = Network.input_shapes
    monkeypatch.setattr(
        Network, "input_shapes", lambda self, node: asked.append(len(node.inputs)) or shapes(self, node)
    )
    (compilation,) = [compile(Source("a.net", f"input 3x8x8\nconcat {{ {' | '.join(['identity'] * 500)} }}\n"))]
    asked.clear()
    lint(compilation)
    assert sum(count for count in asked if count > 1) < 50 * 500


@pytest.mark.parametrize("sign", ["\r", "\u2028", "\u2029"])
@pytest.mark.parametrize("line", ['source "a{}b"', "relu # a{}b", "relu{}bn"])
def test_what_a_terminal_or_an_editor_takes_for_a_line_ends_none(sign: str, line: str) -> None:
    report = compile(Source("a.net", f"input 3x8x8\nrelu\n{line.format(sign)}\n")).report
    assert "E0103" in {each.code for each in report}
    assert compile(Source("a.net", 'input 3x8x8\r\nrelu # a\r\nsource "a"\r\n')).valid


@pytest.mark.parametrize("text", ["input 10; shuffle(2) bn width\n", "input 3x8x8\nconv3-8 relu; maxpool9(pad=0)\n"])
def test_fixes_leave_never_more_errors(text: str) -> None:
    source = Source("a.net", text)
    before = compile(source)
    after = fix(before, compile)
    assert len(after.compilation.report.errors) <= len(before.report.errors)
