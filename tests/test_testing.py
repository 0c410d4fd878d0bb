"""Specs as tests: the laws hold for right networks and name what is wrong; the plugin collects where it is asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from netdsl import ops, zoo
from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.testing import edits, inputs, mistakes, networks, operators, random_spec, specs, statements, statistics
from netdsl.testing.cases import Case
from netdsl.testing.laws import Broken, laws, subjects
from netdsl.testing.laws.properties import spread
from netdsl.testing.texts import Mistake
from netdsl.text.source import Source

GOOD = """param classes = 4
input 3x8x8
a: conv3-8/2(norm=bn, act=relu)
gap; fc-classes
property a.height == ceil(input.height / 2)
property a.channels == 8 and output.channels == classes
property params < 1K for classes in 2..40
"""


def broken(tmp_path: Path, text: str, name: str) -> str:
    path = tmp_path / "x.net"
    path.write_text(text)
    (subject,) = subjects(path)
    (law,) = (each for each in laws() if each.name == name)
    with pytest.raises(Broken) as wrong:
        law.hold(subject)
    return str(wrong.value)


def test_every_law_holds_for_a_right_spec(tmp_path: Path) -> None:
    path = tmp_path / "x.net"
    path.write_text(GOOD)
    (subject,) = subjects(path)
    assert len(laws()) == 10
    for law in laws():
        law.hold(subject)
        assert type(law).__doc__


def test_a_property_over_params_is_refuted_by_the_smallest(tmp_path: Path) -> None:
    text = GOOD.replace("< 1K", "< 500")
    # 3 * 8 * 9 + 8 + 16 of the convolution and its norm, 9 for each class: 240 + 9 * 29 = 501
    assert "with classes=29" in broken(tmp_path, text, "properties")


def test_a_dead_parameter_is_named(tmp_path: Path) -> None:
    text = "input 3x8x8\na: conv3-4\nb: conv3-4\n@a\ngap; fc-2\n"
    found = broken(tmp_path, text, "gradients")
    assert "`b.weight`" in found and "`a.weight`" not in found


def test_a_wrong_claim_is_told(tmp_path: Path) -> None:
    assert "E0504" in broken(tmp_path, "input 3x8x8\nconv3-4\nexpect params = 3\n", "claims")


@pytest.mark.parametrize(("least", "most"), [(2, 9), (2, 1000), (1, 10**9), (5, 5)])
def test_drawn_values_hold_both_ends(least: int, most: int) -> None:
    found = list(spread(least, most))
    assert found == sorted(found) and (found[0], found[-1]) == (least, most)


def collected(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


def test_pytest_collects_specs_only_where_the_configuration_asks(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "other").mkdir()
    for folder in ("specs", "other"):
        (tmp_path / folder / "x.net").write_text("table\n| A | B |\n| input 3x8x8 |\n| conv3-4 | conv3-8 |\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert "x.net" not in collected(tmp_path, "specs", "other")
    (tmp_path / "pytest.ini").write_text("[pytest]\nnetdsl = specs/\n")
    found = collected(tmp_path, "specs", "other")
    assert "A::claims" in found and "B::state" in found and "export" not in found and "other" not in found
    assert "A::export" in collected(tmp_path, "specs", "--netdsl-slow")


def test_the_command_writes_a_junit_report(tmp_path: Path) -> None:
    (tmp_path / "x.net").write_text("input 3x8x8\nconv3-4\nexpect params = 3\n")
    options = ["x.net", "-k", "claims or written", "--junit", "out.xml"]
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", "test", *options], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1 and "E0504" in done.stdout and "warning" not in done.stdout
    report = (tmp_path / "out.xml").read_text()
    assert 'tests="2"' in report and "claims" in report


def test_without_torch_the_laws_that_need_it_say_so(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n")
    (tmp_path / "x.net").write_text("input 3x8x8\nconv3-4\n")
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-m", "netdsl", "test", "x.net", "-k", "claims or state"]
    done = subprocess.run(command, cwd=tmp_path, env=paths, capture_output=True, text=True)
    assert done.returncode == 0 and "1 passed, 1 skipped" in done.stdout
    assert "this law needs torch: pip install 'netdsl[torch]'" in done.stdout


def test_the_plugin_imports_nothing_heavy() -> None:
    text = "import sys, netdsl.testing.plugin; print([m for m in ('torch', 'hypothesis', 'lark', 'pydantic') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
def test_drawn_specs_compile_whatever_their_layout(text: str) -> None:
    assert compile(Source("drawn.net", text)).valid, text


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(mistakes())
def test_a_drawn_mistake_is_told_at_its_place(mistake: Mistake) -> None:
    first = compile(Source("drawn.net", mistake.text)).report.errors[0]
    assert first.code == mistake.code and first.span is not None, mistake.text
    assert mistake.start <= first.span.start <= mistake.end, mistake.text


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_drawn_edits_are_within_the_text(data: st.DataObject) -> None:
    text = "input 3x8x8\nconv3-4\n"
    for start, end, new in data.draw(edits(text)):
        assert 0 <= start <= end <= len(text)
        text = text[:start] + new + text[end:]
    compile(Source("drawn.net", text))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(max_layers=2, blocks=False, joins=False), inputs())
def test_networks_are_as_they_were_asked_for(network: Network, shape: str) -> None:
    kinds = {scope.kind for scope in network.body.scopes()}
    assert not kinds & {"block", "join"}, network.sources[0].text
    assert compile(Source("drawn.net", f"input {shape}\nrelu\n")).valid


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(max_layers=3, inputs=3, outputs=2, dims=(1, 3)))
def test_networks_have_the_inputs_outputs_and_dimensions_asked_for(network: Network) -> None:
    assert (len(network.inputs), len(network.outputs)) == (3, 1)  # and the result
    assert {len(each.shape) for each in network.inputs} in ({2}, {4})


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(operators=["conv", "lstm", "add"], dims=(1, 2)))
def test_networks_have_the_operators_asked_for(network: Network) -> None:
    assert {node.op.name for node in network.nodes} <= {"conv", "lstm", "add", "identity", "bn", *_activations()}


def _activations() -> set[str]:
    return {name for name in ops.names() if ops.find(name).family == "activation"}  # what `act=` of a layer adds


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(statements(most=3))
def test_statements_stand_on_an_image_by_themselves(lines: list[str]) -> None:
    report = compile(Source("drawn.net", "\n".join(["input 4x16x16", *lines, ""]))).report
    assert {each.code for each in report} <= {"E0301", "E0302", "E0405"}, lines  # a window, a join, a division


@pytest.mark.parametrize("name", ops.names())
def test_every_argument_of_every_operator_is_drawn(name: str) -> None:
    fields = {key: info for key, info in ops.find(name).model_fields.items() if info.repr}
    drawn = statistics(operators([name]), examples=20)
    assert drawn[name] > 15
    for key in (key for key, info in fields.items() if not drawn[f"{name}.{info.alias or key}"]):
        find(operators([name]), lambda case, key=key: not case.op.is_default(key), settings=RARE)


RARE = settings(
    max_examples=3000,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
SHRUNK = settings(RARE, phases=[Phase.generate, Phase.shrink])


def test_what_is_drawn_shrinks_to_what_is_short() -> None:
    smallest: Case = find(operators(["conv"]), lambda case: case.op.stride != (1, 1), settings=SHRUNK)
    assert str(smallest) in ("conv1-1/2", "conv1-1/2x1", "conv1-1/1x2")
    network = find(networks(), lambda found: any(node.op.name == "dropout" for node in found.nodes), settings=SHRUNK)
    assert len(network.sources[0].text.splitlines()) <= 3, network.sources[0].text


def test_what_is_drawn_is_counted() -> None:
    counted = statistics(networks(inputs=2, dims=(1, 2)), examples=20)
    assert counted["conv"] > 10 and counted["conv.channels"] == counted["conv"]
    assert counted["2 inputs"] == counted["1 dimensions"] + counted["2 dimensions"] == 20
    assert random_spec(7) == random_spec(7) != random_spec(8)


SPECS = sorted(zoo.directory().glob("*.net"))
DEAD = {"wavenet": "nothing follows the last layer but its skip, so its residual convolution learns nothing"}


@pytest.mark.slow
@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_the_laws_hold_for_the_zoo(path: Path) -> None:
    for subject in subjects(path):
        for law in laws():
            if not (law.name == "gradients" and path.stem in DEAD):
                law.hold(subject)
        subject.forget()
