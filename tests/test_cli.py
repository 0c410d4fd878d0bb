"""The command line as a user meets it: what is written, where, and the exit status."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from netdsl.backends.artefacts import find
from netdsl.elaborate.files import standard_blocks
from netdsl.syntax import parse
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source
from netdsl.tools import manual
from netdsl.tools.cli import main
from netdsl.tools.cli._group import program

GOOD = """\
net Tiny
input 3x8x8
param classes = 10
conv3-4(act=relu) x2; maxpool
fc: fc-classes
softmax
"""
BAD = "net Bad\ninput 3x8x8\nconv3-4 -> 5x8x8\nfc-10 -> 11\n"
TABLE = """\
net Family
input 3x8x8
table
| A       | B-2     |
|---------|---------|
| conv3-4 | conv3-8 |
|         | conv3-8 |
| fc-10             |
| expect params = 2682 | expect params = 1 |
"""


class Run:
    def __init__(self, status: int, out: str, err: str):
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def netdsl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs a command in a folder with three specs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETDSL_DEBUG", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    for name, text in (("tiny.net", GOOD), ("bad.net", BAD), ("family.net", TABLE)):
        Path(name).write_text(text, "utf-8")

    def run(*arguments: str) -> Run:
        status = main(list(arguments))
        captured = capsys.readouterr()
        return Run(status, captured.out, captured.err)

    return run


def process(*arguments: str, directory: Path, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "netdsl.tools.cli", *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=120,
    )


# check ---------------------------------------------------------------------------------------------------------------


def test_check_says_that_all_is_well(netdsl) -> None:
    run = netdsl("check", "tiny.net")
    assert (run.status, run.out, run.err) == (0, "tiny.net: ok\n", "")


def test_check_tells_every_mistake(netdsl) -> None:
    run = netdsl("check", "bad.net", "tiny.net")
    assert run.status == 1
    assert run.err.count("error[E0501]") == 2
    assert "--> bad.net:3:12" in run.err
    assert "bad.net: 2 errors" in run.err
    assert run.out == "tiny.net: ok\n"


def test_check_json(netdsl) -> None:
    run = netdsl("check", "--format", "json", "bad.net", "tiny.net")
    assert run.status == 1
    assert run.err == ""
    found = json.loads(run.out)
    assert (found["valid"], found["error_count"], found["warning_count"]) == (False, 2, 0)
    assert [each["range"]["start"]["line"] for each in found["diagnostics"]] == [3, 4]


def test_check_looks_at_every_variant(netdsl) -> None:
    run = netdsl("check", "family.net")
    assert run.status == 1
    assert "variant B-2)" in run.err
    assert "variant A" not in run.err
    assert netdsl("check", "family.net:A").status == 0
    assert netdsl("check", "family.net", "--variant", "A").out == "family.net: ok (A)\n"


def test_the_options_of_the_old_memory_are_taken_and_do_nothing(netdsl) -> None:
    for option in ("--no-cache", "--cache"):
        assert netdsl("check", option, "tiny.net").out == "tiny.net: ok\n"
        assert netdsl("check", option, "bad.net").status == 1
    assert "cache" not in netdsl("check", "--help").out


@pytest.mark.parametrize("format_", ["text", "json"])
def test_checks_by_several_processes_and_tells_the_same_in_order(netdsl, format_: str) -> None:
    specs = ("bad.net", "family.net", "tiny.net", "gone.net", "family.net:A")
    alone, together = (netdsl("check", "-j", jobs, "--format", format_, *specs) for jobs in ("1", "2"))
    assert alone.status == 2
    assert (together.status, together.out, together.err) == (alone.status, alone.out, alone.err)
    assert netdsl("check", "-j", "auto", "tiny.net", "tiny.net").out == "tiny.net: ok\n" * 2


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_a_number_of_processes_is_one_or_more(netdsl, jobs: str) -> None:
    run = netdsl("check", "-j", jobs, "tiny.net")
    assert run.status == 2 and "neither `auto` nor a number" in run.err


def test_what_is_wrong_with_every_variant_is_said_once(netdsl) -> None:
    Path("family.net").write_text(TABLE.replace("| fc-10 ", "| fc-oops "), "utf-8")
    run = netdsl("check", "family.net")
    assert run.err.count("oops`") == 1


# wrong use -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["check"], "Missing argument"),
        (["check", "gone.net"], "there is no file 'gone.net'"),
        (["check", "tiny.nte"], "no such network in the zoo"),
        (["check", "timy.net"], "did you mean `tiny.net`?"),
        (["check", "."], "cannot be read"),
        (["chekc", "tiny.net"], "did you mean `check`?"),
        (["walk", "tiny.net"], "there is no command 'walk'; `netdsl --help` lists them"),
        (["check", "block:inception"], "`netdsl draw block:inception`, or printed, `netdsl show inception`"),
        (["check", "tiny.net", "--variant", "A"], "has no variants"),
        (["check", "family.net:C"], "has no variant `C`"),
        (["check", "family.net:A", "--variant", "B-2"], "different variants"),
        (["compile", "family.net", "-o", "-"], "none is chosen"),
        (["compile", "tiny.net", "--to", "gif"], "'gif' is not one of"),
        (["compile", "tiny.net", "-o", "x.gif"], "the ending of 'x.gif'"),
        (["compile", "tiny.net", "-o", "gone/x.json"], "there is no directory 'gone'"),
        (["compile", "tiny.net", "-o", "/dev/null", "--to", "json"], "is not a file"),
        (["compile", "tiny.net", "-o", "/proc/tiny.json"], "'/proc/tiny.json' cannot be written"),
        (["compile", "tiny.net", "--legend"], "--legend is for --to pdf, png, svg or tex, not for torch"),
        (["report", "tiny.net", "-o", "tiny.txt"], "'tiny.txt' must end in .html or .htm"),
        (["draw", "tiny.net", "--open", "nowhere"], "no block is called `nowhere`"),
        (["explain", "conv", "--format", "json"], "--format is for the pages of codes, not for 'conv'"),
        (["summary", "tiny.net", "--memory", "--symbolic"], "not for --memory"),
        (["explain", "Dropot"], "no operator 'Dropot'; did you mean `dropout`?"),
        (["summary", "tiny.net", "--set", "classes"], "is not NAME=VALUE"),
        (["summary", "tiny.net", "--set", "classes=("], "is wrong"),
        (["summary", "tiny.net", "--set", "clases=3"], "there is no param `clases`"),
        (["summary", "tiny.net", "--set", "classes=3", "--set", "classes=4"], "given twice"),
        (["summary", "tiny.net", "--input", "3xx8"], "is not a shape"),
        (["ops", "cnv"], "did you mean `conv`?"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use(netdsl, arguments: list[str], words: str) -> None:
    run = netdsl(*arguments)
    assert run.status == 2
    assert words in run.err
    assert "Traceback" not in run.err


def test_a_file_of_blocks_is_no_network(netdsl) -> None:
    Path("blocks.net").write_text("block b(n) { conv3-n }\n", "utf-8")
    for command in ("summary", "compile", "draw", "table", "conformance", "report", "sizes"):
        run = netdsl(command, "blocks.net")
        assert run.status == 1 and "'blocks.net' defines no network, only blocks" in run.err, command
    assert netdsl("check", "blocks.net").status == 0


def test_a_wrong_spec_gives_no_source(netdsl) -> None:
    before = sorted(os.listdir())
    run = netdsl("compile", "bad.net")
    assert run.status == 1
    assert run.err.count("error[") == 2
    assert run.out == ""
    assert sorted(os.listdir()) == before


def test_a_claim_that_fails_leaves_the_table_as_it_is(netdsl) -> None:
    run = netdsl("summary", "bad.net")
    assert run.status == 1 and run.err.count("error[") == 2
    assert "0      conv3-4   4x8x8      112          6,912" in run.out
    assert any(line.split() == ["total", "10", "2,682", "9,472"] for line in run.out.splitlines()), run.out
    found = json.loads(netdsl("summary", "bad.net", "--json").out)
    assert found["valid"] is False and (found["params"], found["macs"]) == (112 + 257 * 10, 6912 + 2560)
    checked = json.loads(netdsl("check", "bad.net", "--format", "json").out)
    assert found["diagnostics"] == checked["diagnostics"] and len(found["diagnostics"]) == 2


def test_a_wrong_spec_gives_its_table_and_drawing_as_far_as_they_are_known(netdsl) -> None:
    Path("half.net").write_text("input 3x8x8\na: conv3-4\nconv3-6(groups=3)\nconv3-5 x2\ngap; fc-2\n", "utf-8")
    run = netdsl("summary", "half.net")
    assert run.status == 1 and "E0301" in run.err and "try" in run.err
    rows = [line.split() for line in run.out.splitlines()]
    assert ["a", "conv3-4", "4x8x8", "112", "6,912"] in rows
    assert ["2-3", "conv3-5", "x2", "?", "?", "?"] in rows and ["total", "?", "?", "?"] in rows
    found = json.loads(netdsl("summary", "half.net", "--json").out)
    assert found["valid"] is False and found["params"] is found["depth"] is None
    assert [layer["params"] for layer in found["layers"][:2]] == [112, None]
    run = netdsl("draw", "half.net", "-o", "half.svg")
    assert run.status == 1 and "wrote half.svg, as far as it is known" in run.err and "= help: try" in run.err
    assert "<svg" in Path("half.svg").read_text("utf-8")
    assert netdsl("compile", "half.net", "-o", "half.json").status == 1
    assert json.loads(Path("half.json").read_text("utf-8"))["complete"] is False


def test_a_statement_that_cannot_be_read_leaves_the_figures_unknown(netdsl) -> None:
    Path("torn.net").write_text("input 3x8x8\nconv3-4 )\nfc-2\n", "utf-8")
    run = netdsl("summary", "torn.net")
    assert run.status == 1 and run.err.count("error[") == 1
    assert ["total", "2", "?", "?"] in [line.split() for line in run.out.splitlines()]


def test_an_internal_error_is_confessed(netdsl, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("\x1b[31mboom")

    monkeypatch.setattr("netdsl.compiler.compile", fail)
    run = netdsl("check", "tiny.net")
    assert run.status == 3
    assert "internal error: RuntimeError: \\x1b[31mboom" in run.err
    assert "NETDSL_DEBUG=1" in run.err
    monkeypatch.setenv("NETDSL_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["check", "tiny.net"])


def test_ctrl_c(netdsl, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("netdsl.compiler.compile", interrupt)
    assert netdsl("check", "tiny.net").status == 130


def test_nobody_reads_the_pipe(tmp_path: Path) -> None:
    (tmp_path / "tiny.net").write_text(GOOD, "utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "netdsl.tools.cli", "summary", "tiny.net", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"\0\0\0", b"net", b"{" * 100_000, b"conv3-64 " * 1000, b"|" * 5000]
)
def test_no_file_brings_a_traceback(netdsl, data: bytes) -> None:
    Path("odd.net").write_bytes(data)
    run = netdsl("summary", "odd.net")
    assert run.status in (1, 2)
    assert "internal error" not in run.err


# compile and draw ----------------------------------------------------------------------------------------------------


def test_compile_json(netdsl) -> None:
    run = netdsl("compile", "tiny.net", "-o", "tiny.json", "--set", "classes=7", "--input", "1x8x8")
    assert (run.status, run.out, run.err) == (0, "", "wrote tiny.json\n")
    found = json.loads(Path("tiny.json").read_text("utf-8"))
    assert (found["name"], found["settings"], found["inputs"][0]["shape"]) == ("Tiny", {"classes": 7}, [1, 8, 8])
    assert netdsl("compile", "tiny.net", "-o", "tiny.json").status == 0  # its own file is replaced


def test_the_default_name(netdsl) -> None:
    assert netdsl("compile", "family.net:A", "--to", "dot").err == "wrote family_A.dot\n"
    Path("there").mkdir()
    assert netdsl("compile", "family.net", "--variant", "A", "--to", "json", "-o", "there").status == 0
    assert Path("there/family_A.json").exists()
    assert netdsl("draw", "tiny.net", "-o", "-").out.lstrip().startswith("<")


@pytest.mark.parametrize("name", ["x.json", "x.dot", "x.svg", "x.png"])
def test_only_own_files_are_replaced(netdsl, name: str) -> None:
    assert netdsl("compile", "tiny.net", "-o", name).status == 0
    assert find(name[2:]).is_stamped(Path(name).read_bytes())
    assert netdsl("compile", "tiny.net", "-o", name).status == 0
    Path(name).write_text("{}" if name == "x.json" else "mine", "utf-8")
    run = netdsl("compile", "tiny.net", "-o", name)
    assert run.status == 2
    assert "--force" in run.err
    assert Path(name).read_text("utf-8") in ("{}", "mine")
    assert netdsl("compile", "tiny.net", "-o", name, "--force").status == 0
    assert find(name[2:]).is_stamped(Path(name).read_bytes())


def test_pictures_stay_pictures(netdsl) -> None:
    import struct
    import xml.etree.ElementTree as tree
    import zlib

    assert netdsl("draw", "tiny.net", "-o", "x.svg").status == 0
    assert tree.parse("x.svg").getroot().tag.endswith("svg")
    assert netdsl("draw", "tiny.net", "-o", "x.png").status == 0
    data, at, kinds = Path("x.png").read_bytes(), 8, []
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size]) == (zlib.crc32(body),)
        kinds.append(body[:4])
        at += 12 + size
    assert kinds[:2] == [b"IHDR", b"tEXt"]
    assert kinds[-1] == b"IEND"


def test_writing_is_all_or_nothing(netdsl, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    before = sorted(os.listdir())
    run = netdsl("compile", "tiny.net", "-o", "tiny.json")
    assert run.status == 2
    assert "No space left" in run.err
    assert sorted(os.listdir()) == before


def test_a_link_stays_a_link(netdsl) -> None:
    Path("real.json").touch()
    Path("link.json").symlink_to("real.json")
    assert netdsl("compile", "tiny.net", "-o", "link.json").status == 0
    assert Path("link.json").is_symlink()
    assert Path("real.json").stat().st_size


def test_standard_input(tmp_path: Path) -> None:
    done = process("summary", "-", "--json", directory=tmp_path, text=GOOD)
    assert (done.returncode, json.loads(done.stdout)["name"]) == (0, "Tiny")
    done = process("check", "-", directory=tmp_path, text=BAD)
    assert done.returncode == 1
    assert "--> <stdin>:3:12" in done.stderr


def test_a_poor_terminal_gets_escapes(tmp_path: Path) -> None:
    (tmp_path / "a.net").write_text("input 3x8x8\nconv3-4 \u00d7 oops \u6f22\n", "utf-8")
    done = process("check", "a.net", directory=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "internal error" not in done.stderr


# summary -------------------------------------------------------------------------------------------------------------


def test_summary_json(netdsl) -> None:
    found = json.loads(netdsl("summary", "tiny.net", "--json").out)
    assert list(found) == [
        "name",
        "variant",
        "input",
        "output",
        "params",
        "aux_params",
        "macs",
        "depth",
        "field",
        "layers",
        "sizes",
        "valid",
        "diagnostics",
    ]
    assert found["sizes"]["height"] == {"least": 2, "modulus": 1, "residues": [0], "exceptions": []}
    assert found["valid"] is True and found["diagnostics"] == []
    assert (found["name"], found["variant"]) == ("Tiny", None)
    assert (found["input"], found["output"], found["depth"]) == ([3, 8, 8], [10], 3)
    assert found["field"] == 8
    assert found["params"] == (3 * 9 * 4 + 4) + (4 * 9 * 4 + 4) + (64 * 10 + 10)
    assert found["macs"] == (3 * 9 * 4 * 64) + (4 * 9 * 4 * 64) + 640
    assert found["params"] == sum(layer["params"] for layer in found["layers"])
    assert found["layers"][0] == {
        "name": "0",
        "op": "conv3-4",
        "output": [4, 8, 8],
        "params": 112,
        "macs": 6912,
        "line": 4,
    }


def test_summary_text(netdsl) -> None:
    run = netdsl("summary", "tiny.net")
    assert run.status == 0
    assert run.out == (
        "Tiny: 3x8x8 -> 10\n"
        "\n"
        "layer  operator           output  params  multiply-adds\n"
        "-------------------------------------------------------\n"
        "0-2    conv3-4, relu  x2  4x8x8      260         16,128\n"
        "4      maxpool            4x4x4\n"
        "fc     fc-10              10         650            640\n"
        "7      softmax            10\n"
        "-------------------------------------------------------\n"
        "total                     10         910         16,768\n"
        "\n"
        "depth 3: convolutions and fully connected layers on the longest path\n"
    )


def test_summary_folds_what_repeats(netdsl) -> None:
    Path("stack.net").write_text(
        "input 4x8x8\ndefault conv(bias=false)\nstem: conv3-4\ns: [3x3, 4; 3x3, 4] x5\n"
        "concat { a: conv1-2 | b: conv3-2 }\n",
        "utf-8",
    )
    lines = netdsl("summary", "stack.net").out.splitlines()
    assert lines[1] == "throughout: conv(bias=false)"
    assert any("[3x3, 4; 3x3, 4]  x5" in line and "1,440" in line for line in lines)
    assert sum("conv3-4" in line for line in lines) == 3
    assert sum("conv3-4" in line for line in netdsl("summary", "stack.net", "--expand").out.splitlines()) == 11
    assert not any(line.startswith("  ") for line in netdsl("summary", "stack.net", "--depth", "1").out.splitlines())


def test_summary_markdown(netdsl) -> None:
    lines = netdsl("summary", "tiny.net", "--markdown").out.splitlines()
    assert "| 0-2 | conv3-4, relu&nbsp;&nbsp;x2 | 4x8x8 | 260 | 16,128 |" in lines
    table = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {6}


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a table by their first cell."""
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


def test_a_call_is_shown_by_name_with_what_it_gives(netdsl) -> None:
    Path("b.net").write_text(
        "input 4x8x8\nblock b(t, c, stride=1, drop=0.1, wide=channels * t, kind=relu) { conv3-c/stride; droppath(drop) }\n"
        "b(6, 8, stride=2)\nb(1, 8, drop=0.1)\nb(1, 8, wide=3, kind=tanh)\nb(2, 8, drop=0.3 * 0.1)\n",
        "utf-8",
    )
    written = [line for line in netdsl("summary", "b.net").out.splitlines() if " b(" in line]
    assert [line.split("b(")[1].partition(")")[0] for line in written] == [
        "t=6, c=8, stride=2", "t=1, c=8", "t=1, c=8, wide=3, kind=tanh", "t=2, c=8, drop=0.03",
    ]  # fmt: skip


def test_neighbours_that_differ_in_numbers_are_one_row_with_ranges(netdsl) -> None:
    Path("d.net").write_text(
        "input 4x8x8\nblock d(rate) { concat { identity | conv3-2 }; droppath(rate) }\nd(0.1 * i / 3) x4 as i\n"
        "s: conv3-8 x3\nt: { conv3-8/{1 + i} x2 as i }\n",
        "utf-8",
    )
    found = rows(netdsl("summary", "d.net", "--depth", "2").out)
    assert found["0-3"] == ["d(rate=0-0.1)", "x4", "6-12x8x8", str(sum(9 * c * 2 + 2 for c in (4, 6, 8, 10))), "32,256"]
    assert found["s"][:3] == ["conv3-8", "x3", "8x8x8"]
    written = netdsl("summary", "d.net", "--expand").out
    assert "droppath(0.0666667)" in written and "d(rate=0.0666667)" in written
    assert "the rows are those of the first" in netdsl("summary", "d.net").out


def test_a_table_has_as_many_levels_as_fit(netdsl) -> None:
    shown = netdsl("summary", "efficientnet:B0").out
    assert "4 of 6 levels of groups; --depth 6 shows all" in shown
    assert len([line for line in shown.partition("total")[0].splitlines()]) < 66
    assert len(netdsl("summary", "densenet:121").out.splitlines()) < 90
    assert "levels of groups" not in netdsl("summary", "efficientnet:B0", "--depth", "6").out


def test_a_terminal_gets_a_table_as_wide_as_it_is(tmp_path: Path) -> None:
    import pty

    env = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color", "NO_COLOR": ""}
    reader, writer = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "netdsl.tools.cli", "summary", "mobilenet_v2:1.0"], stdout=writer, env=env, timeout=60
    )
    os.close(writer)
    written = b""
    try:
        while chunk := os.read(reader, 65536):
            written += chunk
    except OSError:
        pass  # the end, as Linux tells it
    plain = re.sub(r"\x1b\[[0-9;]*m", "", written.decode()).replace("\r", "").splitlines()
    assert done.returncode == 0 and b"\x1b[1m" in written
    table = [line for line in plain if "x112x112" in line or "x56x56" in line or line.startswith("total")]
    assert len(table) > 4 and all(len(line) <= 80 for line in table)
    assert all(re.search(r"[0-9,]+$", line.rstrip()) for line in table)


def test_an_input_that_does_not_fit_the_file_is_the_commands_fault(netdsl) -> None:
    import netdsl as api

    run = netdsl("check", "vgg16", "--input", "63x63")
    assert run.status == 1 and run.err.count("error[") == 1
    assert "the input 63x63 has 2 sizes, that of the file 3" in run.err and "-->" not in run.err
    assert netdsl("check", "vgg16", "--input", "3x63x63").status == 0
    assert api.load("vgg16", input="3x64x64").input == api.load("vgg16", input=(3, 64, 64)).input == (3, 64, 64)
    assert api.load("mlp", input=10).input == (10,)
    for wrong in ("63x63", 63, "sixty"):
        with pytest.raises(api.SpecError):
            api.load("vgg16", input=wrong)


def test_draw_names_the_endings_it_takes(netdsl) -> None:
    run = netdsl("draw", "tiny.net", "-o", "x.jpg")
    assert run.status == 2 and "give it one of .dot, .mmd, .pdf, .png, .svg, .tex" in run.err and "--to" not in run.err
    assert "use --to" in netdsl("compile", "tiny.net", "-o", "x.jpg").err


# the rest ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", program.list_commands(click.Context(program)))
def test_every_command_has_help_with_examples(netdsl, name: str) -> None:
    run = netdsl(name, "--help")
    assert run.status == 0
    assert "Examples:" in run.out
    assert f"netdsl {name}" in run.out
    command = program.get_command(click.Context(program), name)
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    for option in (each for one in commands if one for each in one.params if isinstance(each, click.Option)):
        assert option.help, option.opts
    assert "RANGE" not in run.out, "a number is N"


def test_help_lists_the_commands(netdsl) -> None:
    run = netdsl("--help")
    assert run.status == 0
    assert all(f"\n  {name} " in run.out for name in program.list_commands(click.Context(program)))
    assert "..." not in run.out.replace("[ARGS]...", ""), "a command is told in one line, whole"


def test_ops(netdsl) -> None:
    assert "  conv " in netdsl("ops").out
    page = netdsl("ops", "Max Pool").out
    assert page.startswith("maxpool  (pooling)")
    assert "  ceil=false " in page
    assert "\nnotation: conv K-C/S, conv{k}-{c}/{s}   (" in netdsl("ops", "conv").out
    assert "\nnotation: fc-N, fc-{n}   (" in netdsl("ops", "fc").out


def test_the_standard_library_can_be_read(netdsl) -> None:
    for name in standard_blocks():
        page = netdsl("ops", name).out
        assert page == netdsl("show", name).out == netdsl("explain", name).out
        assert page.startswith(f"{name}  (block of the standard library)\n\n")
        assert "\ninputs: " in page and "\noutputs: " in page and "\nfile: netdsl/std/" in page
        assert f"\nblock {name}(" in page and page.endswith("}\n")
    page = netdsl("ops", "se").out
    assert "\n  ratio=0.0625\n" in page and "\nsource: Hu et al. 2018, Figure 3\n" in page
    assert netdsl("ops", "basc").status == 2 and "`basic`" in netdsl("ops", "basc").err


def test_a_page_names_the_inputs_and_outputs_of_a_block() -> None:
    source = Source(
        "<std>/a.net", "# Fuses (Wang 2020, Figure 3).\nblock f(c=1) takes a, b x2 { output o{i}: relu x2 as i }\n"
    )
    (block,) = parse(source, Report()).statements
    page = manual.block(block, source)
    assert (
        "\ninputs: a, b x2\noutputs: its value, `o{i}`\nsource: Wang 2020, Figure 3\nfile: netdsl/std/a.net\n" in page
    )


@pytest.mark.parametrize("name", ["residual", "aux", "reuse", "output", "if"])
def test_words_have_a_page(netdsl, name: str) -> None:
    page = netdsl("ops", name).out
    assert page.startswith(f"{name}  (a word of the language)") and f"notation: {name}" in page
    assert ("shortcut" in page) == (name == "residual")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(netdsl, shell: str) -> None:
    assert "_NETDSL_COMPLETE" in netdsl("completion", shell).out


def test_completion_knows_the_zoo(tmp_path: Path) -> None:
    done = process(directory=tmp_path, _NETDSL_COMPLETE="bash_complete", COMP_WORDS="netdsl check vg", COMP_CWORD="2")
    assert done.returncode == 0
    assert {"plain,vgg", "plain,vgg19"} <= set(done.stdout.splitlines())


TYPED = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(netdsl completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "autoload -U compinit; compinit -u; source <(netdsl completion zsh)"),
    "fish": (["fish", "--no-config", "-i"], "netdsl completion fish | source"),
}


@pytest.mark.parametrize("shell", TYPED)
def test_a_shell_completes_names_of_the_zoo_and_files(shell: str, tmp_path: Path) -> None:
    """In a terminal of its own: what is typed, and a tab, as a person does it."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    import fcntl
    import pty
    import termios

    def own_terminal() -> None:
        """Fish asks for the terminal that it is started in to be its own."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    command, setup = TYPED[shell]
    (tmp_path / "minesweeper.net").write_text("input 3x8x8\nrelu\n")
    folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb"}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=inner, stdout=inner, stderr=inner, start_new_session=True,
        preexec_fn=own_terminal,
    )  # fmt: skip
    os.close(inner)

    def typed(text: str, awaited: str) -> None:
        os.write(outer, text.encode())
        seen, until = "", time.monotonic() + 30
        while awaited not in seen:
            ready = select.select([outer], [], [], max(until - time.monotonic(), 0))[0]
            assert ready, f"{shell} shows {seen!r}"
            seen += os.read(outer, 4096).decode("utf-8", "replace")

    try:
        typed(f"{setup}; echo rea''dy\n", "ready\r\n")
        typed("netdsl check vgg13_\t", "vgg13_bn")
        typed("\x15netdsl check minesw\t", "minesweeper.net")
    finally:
        process.kill()
        process.wait()
        os.close(outer)


def test_show_and_new(netdsl, tmp_path: Path) -> None:
    shown = netdsl("show", "vgg19").out
    assert shown.startswith("net VGG-19")
    assert netdsl("new", "vgg19", "mine.net").status == 0
    assert netdsl("check", "mine.net").status == 0
    again = netdsl("new", "vgg19", "mine.net")
    assert again.status == 2 and "exists" in again.err
    assert "resnet.net" in netdsl("new", "resnet50", "ours.net").err
    unknown = netdsl("show", "vgg91")
    assert unknown.status == 2 and "vgg19" in unknown.err


@pytest.mark.parametrize("module", ["netdsl", "netdsl.tools.cli"])
def test_as_a_module_the_status_is_the_commands(module: str, tmp_path: Path) -> None:
    (tmp_path / "right.net").write_text("input 3x8x8\nrelu\n")
    (tmp_path / "wrong.net").write_text("input 3x8x8\nconv4-4\n")
    for name, status in (("right.net", 0), ("wrong.net", 1), ("gone.net", 2)):
        done = subprocess.run([sys.executable, "-m", module, "check", name], cwd=tmp_path, capture_output=True)
        assert done.returncode == status, name
