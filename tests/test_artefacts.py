"""Every kind of artefact there is, by its being there: its file is known again, is no other's, and is the same twice."""

from __future__ import annotations

from pathlib import Path

import pytest

import netdsl
from netdsl.backends.artefacts import Artefact, by_ending, find, names

NETWORK = "net Tiny-1\ninput 1x8x8\nconv3-4\nfc-2\n"


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    """Each kind of artefact of one network, without its mark."""
    network = netdsl.loads(NETWORK)
    return {name: find(name).render(network) for name in names()}


def artefact(name: str, made: dict[str, bytes]) -> tuple[Artefact, bytes]:
    return find(name), made[name]


@pytest.mark.parametrize("name", names())
def test_it_says_what_it_is(name: str) -> None:
    kind = find(name)
    assert kind.name == name and type(kind).__doc__
    assert kind.endings and all(ending.startswith(".") and ending == ending.lower() for ending in kind.endings)
    for ending in kind.endings:
        assert by_ending(ending.upper()) is kind, f"{ending} is another kind's ending too"


@pytest.mark.parametrize("name", names())
def test_its_files_are_known_and_no_others(name: str, made: dict[str, bytes]) -> None:
    kind, data = artefact(name, made)
    stamped = kind.stamp(data)
    assert kind.is_stamped(stamped)
    if stamped != data:
        assert not kind.is_stamped(data), "what carries no mark was not made by netdsl"
    assert not kind.is_stamped(b"") and not kind.is_stamped(b"mine\n" + stamped)
    for other, theirs in made.items():
        if other != name:
            assert not kind.is_stamped(find(other).stamp(theirs)), f"a file of {other} counts as one of {name}"


@pytest.mark.parametrize("name", names())
def test_it_is_the_same_twice(name: str, made: dict[str, bytes]) -> None:
    kind, data = artefact(name, made)
    if not kind.binary:
        assert kind.render(netdsl.loads(NETWORK)) == data
        data.decode("utf-8")
        assert data.endswith(b"\n")


@pytest.mark.parametrize("name", names())
def test_the_commands_take_it(name: str, made: dict[str, bytes], tmp_path: Path) -> None:
    from netdsl.tools.cli import main

    kind, _ = artefact(name, made)
    spec, out = tmp_path / "tiny.net", tmp_path / f"tiny{kind.ending}"
    spec.write_text(NETWORK, "utf-8")
    assert main(["compile", str(spec), "-o", str(out)]) == 0
    assert kind.is_stamped(out.read_bytes())
    assert main(["compile", str(spec), "-o", str(out)]) == 0, "its own file is replaced"
    out.write_text("mine", "utf-8")
    assert main(["compile", str(spec), "-o", str(out)]) == 2 and out.read_text("utf-8") == "mine"
