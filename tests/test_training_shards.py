"""`wds:PATTERN`: shards are examples by number, in an order that follows from the seed; what is wrong with them is told."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import netdsl
from netdsl.training.data import open_data
from netdsl.training.engine import Options
from netdsl.training.errors import TrainingError
from netdsl.training.fitting import fit
from netdsl.training.loader import NEAR, Order, Place, Prepared, batches

pytest.importorskip("webdataset")


def image(level: int, kind: str = "png") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (10, 8), (level,) * 3).save(buffer, kind)
    return buffer.getvalue()


def write(path: Path, *members: tuple[str, bytes]) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    with tarfile.open(path, "w") as file:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def shard(path: Path, levels: range, label: str = "cls") -> Path:
    """Grey images of these levels, each of the class that is 0 where its level is even."""

    def pair(level: int) -> list[tuple[str, bytes]]:
        told: Any = level % 2 if label == "cls" else {"label": level % 2, "from": "here"}
        return [(f"{level:04}.png", image(level)), (f"{level:04}.{label}", json.dumps(told).encode())]

    return write(path, ("__index__.json", b"{}"), *(member for level in levels for member in pair(level)))


def levels(examples: Any) -> list[int]:
    return [round(float(examples[index][0].mean()) * 255) for index in range(len(examples))]


def test_shards_are_a_set(tmp_path: Path) -> None:
    for number in range(3):
        shard(tmp_path / f"train-{number:02}.tar", range(20 * number, 20 * number + 20))
    shard(tmp_path / "val-00.tar", range(200, 206), "json")
    data = open_data(f"wds:{tmp_path}/train-{{00..02}}.tar::{tmp_path}/val-00.tar", (3, 8, 8), 2)
    assert levels(data.train) == list(range(60)) and levels(data.test) == list(range(200, 206))
    assert data.train[7][0].shape == (3, 8, 10) and data.train[7][1] == 1 and data.test[2][1] == 0
    assert data.classes == ("0", "1") and data.note.startswith("4 shards, 2 classes")
    assert levels(open_data(f"wds:{tmp_path}/*.tar", (1, 8, 8), 2).test) == list(range(200, 206))
    alone = open_data(f"wds:{tmp_path}/train-*.tar", (3, 8, 8), 2)
    assert len(alone.test) == 6 and sorted(levels(alone.train) + levels(alone.test)) == list(range(60))
    write(tmp_path / "many.tar", ("a.png", image(0)), ("a.cls", b"7"), ("b.png", image(0)), ("b.cls", b"7"))
    with pytest.raises(TrainingError, match="has 8 classes, the network 2 outputs"):
        open_data(f"wds:{tmp_path}/many.tar", (3, 8, 8), 2)


SAMPLE = (("a.jpg", image(9, "jpeg")), ("a.cls", b"1"))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("gone-{0..3}.tar", r"there is no shard '.*gone-0\.tar'\nhelp: a pattern is `wds:"),
        ("good{,-1,-2}.tar", r"there is no shard '.*good-1\.tar'\nhelp: 1 of the 3 shards of the pattern are there"),
        ("good-{0..3.tar", "is no pattern: Unbalanced braces"),
        ("${NOT_SET}.tar", "environment's WDS_NAME, which is not set"),
        ("http://there/good.tar", "is no pattern of files\nhelp: fetch the shards"),
        ("val.tar", "has no images to train on: all its shards are named val or test"),
        ("zipped.tar", r"zipped\.tar' cannot be read: .*\nhelp: a shard is a \.tar that is not compressed, and whole"),
        ("short.tar", r"short\.tar' cannot be read: unexpected end of data"),
        ("damaged.tar", r"damaged\.tar' cannot be read: no header at byte 1536"),
        ("empty.tar", r"empty\.tar' has no samples"),
        ("twice.tar", r"twice\.tar' cannot be read: a\.cls: duplicate file name"),
        ("unnamed.tar", r"the sample `a` of '.*' has no class; it has \.jpg\nhelp: its number"),
        ("imageless.tar", r"the sample `a` of '.*' has no image; it has \.cls"),
        ("word.tar", r"the class in '.*word\.tar: a\.cls' is `cat`\nhelp: it is a number from 0"),
        ("below.tar", r"a\.cls' is `-1`"),
        ("keyless.tar", r"a\.json' is `{\"cat\": 1}`\nhelp: it is a \.json with `label`, a number from 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_shards_is_told(pattern: str, message: str, tmp_path: Path) -> None:
    jpg, cls = SAMPLE
    good = write(tmp_path / "good.tar", *SAMPLE, ("b.jpg", jpg[1]), ("b.cls", b"0")).read_bytes()
    write(tmp_path / "val.tar", *SAMPLE)
    (tmp_path / "zipped.tar").write_bytes(gzip.compress(good))
    (tmp_path / "short.tar").write_bytes(good[:1000])
    (tmp_path / "damaged.tar").write_bytes(good.replace(b"a.cls\0", b"b.cls\0"))
    write(tmp_path / "empty.tar")
    write(tmp_path / "twice.tar", jpg, cls, cls)
    write(tmp_path / "unnamed.tar", jpg)
    write(tmp_path / "imageless.tar", cls)
    write(tmp_path / "word.tar", jpg, ("a.cls", b"cat"))
    write(tmp_path / "below.tar", jpg, ("a.cls", b"-1"))
    write(tmp_path / "keyless.tar", jpg, ("a.json", b'{"cat": 1}'))
    where = pattern if pattern.startswith(("http", "$")) else f"{tmp_path}/{pattern}"
    with pytest.raises(TrainingError, match=message):
        open_data(f"wds:{where}", (3, 8, 8), 2)


def test_an_image_that_cannot_be_read_is_told_by_name_and_shard(tmp_path: Path) -> None:
    write(
        tmp_path / "one.tar", *SAMPLE, ("b.jpg", b"no image"), ("b.cls", b"0"), ("c.jpg", SAMPLE[0][1]), ("c.cls", b"0")
    )
    data = open_data(f"wds:{tmp_path}/one.tar", (3, 8, 8), 2)
    with pytest.raises(TrainingError, match=r"one\.tar: b\.jpg' cannot be read as an image: it is of no known format"):
        levels(data.train), levels(data.test)


def test_shards_need_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webdataset.shardlists", None)
    with pytest.raises(TrainingError, match=r"needs the library `webdataset`\nhelp: pip install 'netdsl\[data\]'"):
        open_data("wds:some.tar", (3, 8, 8), 2)


def test_an_order_stays_near() -> None:
    parts = [3, 5, 4] * 20
    whole = [list(Order(240, 8, 7, True, rank, 2, 1, parts)) for rank in range(2)]
    numbers = [n for found in whole for batch in found for _, n in batch]
    assert sorted(numbers) == list(range(240)), "each once"
    part_of = [part for part, count in enumerate(parts) for _ in range(count)]
    for found in whole:
        for batch in found:
            assert len({part_of[n] for _, n in batch}) > 2, "mixed"
        first = {part_of[n] for batch in found[:3] for _, n in batch}
        assert len(first) <= NEAR + 1, "of a few shards"
    assert list(Order(240, 8, 7, True, parts=parts)) != list(Order(240, 8, 8, True, parts=parts))


@pytest.mark.parametrize("workers", [0, 2])
def test_shards_go_on_with_the_very_next_image(workers: int, tmp_path: Path) -> None:
    for number in range(NEAR + 4):
        shard(tmp_path / f"{number:02}.tar", range(4 * number, 4 * number + 4))
    data = open_data(f"wds:{tmp_path}/*.tar", (1, 8, 8), 2)

    def loader() -> Any:
        return batches(Prepared(data.train, None, False, 1), 8, 1, True, Place(workers=workers))

    whole = loader()
    expected = [images for images, _ in [*whole, *whole]]
    part = loader()
    taken = [images for images, _ in islice(part, 3)]
    rest = loader()
    rest.load_state_dict(part.state_dict())
    found = taken + [images for images, _ in [*rest, *rest]]
    assert len(expected) == 18 and all(map(torch.equal, found, expected))
    seen = torch.cat(expected[:9])[:, 0, 0, 0].mul(255).round().int().tolist()
    assert sorted(seen) == sorted(levels(data.train))


def test_a_network_learns_from_shards(tmp_path: Path) -> None:
    for name in ("train-0", "train-1", "val-0"):
        pairs = [(f"{n}.png", image(255 * (n % 2))) for n in range(30)]
        classes = [(f"{n}.cls", str(n % 2).encode()) for n in range(30)]
        write(tmp_path / f"{name}.tar", *(each for pair in zip(pairs, classes, strict=True) for each in pair))
    network = netdsl.loads(
        "input 1x8x8\nfc-2; softmax\ntrain(optimizer=sgd(lr=0.1), batch=10, epochs=2, augment=[crop(8)])\n"
    )
    result = fit(network, f"wds:{tmp_path}/*.tar", out=tmp_path / "run", options=Options(quiet=True, workers=0))
    assert result.figures["top1"] == 1
