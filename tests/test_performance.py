"""`benchmarks/performance.py`: a network that fails loses its own figures alone, and what is not measured again stays."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torchvision")


@pytest.fixture
def performance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    import performance

    (tmp_path / "figures").mkdir()
    monkeypatch.setattr(performance, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(performance, "FOUND", tmp_path / "figures" / "performance.json")
    return performance


def run(performance: ModuleType, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr(sys, "argv", ["performance.py", *words])
    with pytest.raises(SystemExit) as ended:
        performance.main()
    return int(ended.value.code or 0), json.loads(performance.FOUND.read_text())


def test_a_network_that_fails_keeps_what_it_had(
    performance: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = iter([1.5, 1.7, 1.6, 1.1, 2.5, 2.7])

    def rows(part: str, arguments: list[str]) -> list[str]:
        if arguments[0] == "vgg16":
            raise performance.Failed("no memory")
        return [f"| {arguments[0]}: times faster | {next(figures):.2f} | 1.00 to 3.00 | at least 1.5 | reached |"]

    asked = ("inference", "--network", "lenet5_modern", "--network", "vgg16")
    monkeypatch.setattr(performance, "rows", rows)
    status, found = run(performance, monkeypatch, *asked)
    assert status == 1 and "failed: inference vgg16: no memory" in capsys.readouterr().out
    assert found["inference"]["lenet5_modern"]["rows"][0].split(" | ")[1] == "1.60", "the middle one of three"

    found["inference"]["vgg16"] = found["inference"]["lenet5_modern"] | {"when": "1 May 2026"}
    performance.FOUND.write_text(json.dumps(found))
    _, again = run(performance, monkeypatch, *asked)
    assert again["inference"]["vgg16"] == found["inference"]["vgg16"]
    assert again["inference"]["lenet5_modern"]["rows"][0].split(" | ")[1] == "2.50"
    page = performance.PAGE.read_text()
    assert "1 May 2026" in page and "the middle one of 3 processes; load" in page
    assert (performance.PAGE.parent / "figures" / "performance_inference.svg").exists()


def test_what_a_process_printed_before_it_failed_counts(
    performance: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "zoo.py").write_text(
        "print('| a | 1.00 | 1.00 to 1.00 |  |  |', flush=True)\nraise OSError('too long')"
    )
    monkeypatch.setattr(performance, "HERE", tmp_path)
    (tmp_path / "performance.md").write_text("# Speed")
    _, found = run(performance, monkeypatch, "zoo")
    assert found["zoo"][""]["rows"] and found["zoo"][""]["how"] == "once, of which 1 failed (OSError: too long)"


def test_every_part_is_a_script(performance: ModuleType) -> None:
    assert all((performance.HERE / f"{part}.py").exists() for part in performance.PARTS)
