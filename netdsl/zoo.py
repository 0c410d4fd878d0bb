"""The zoo: the specs that come with the package, by name.

A name is a file's stem, `vgg19`, with a variant after a colon where the file has a table: `vgg:D`. Beside the specs is
an index of all variants with their figures, made by `python -m netdsl.tools.catalogue`; there a variant can have a name
of its own, `vgg16_bn`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PLACES = (Path(__file__).parent / "specs", Path(__file__).parent.parent / "specs")


def directory() -> Path:
    """The directory of the specs: inside the installed package, or beside it in a checkout."""
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])


def names() -> tuple[str, ...]:
    """The names of the specs, in alphabetical order."""
    return tuple(sorted(path.stem for path in directory().glob("*.net")))


def find(name: str) -> Path | None:
    """The file of a spec of the zoo, or None. The name's case does not matter."""
    return next((path for path in directory().glob("*.net") if path.stem.lower() == name.lower()), None)


@dataclass(frozen=True)
class Entry:
    """One network of the zoo: a spec, in one of its variants where it has any.

    - `name`: what `netdsl.load` and the command line call it; no two entries share one.
    - `spec`, `variant`: the stem of its file, and the column of its table or None.
    - `params`, `macs`: trained weights without the auxiliary heads, and multiply-adds for one input.
    - `year`, `top5`: when it was published, and its error on ImageNet as a fraction, where the spec reports them.
    - `task`: what it is for, in a word: classification, segmentation, detection, generation, ...
    - `reference`: the model that has the same weights and outputs: `torchvision:resnet50`.
    """

    name: str
    spec: str
    variant: str | None
    title: str
    params: int
    macs: int
    year: int | None
    top5: float | None
    task: str | None
    reference: str | None

    @property
    def family(self) -> str:
        """The spec that it is a variant of."""
        return self.spec


def index() -> Path:
    """The file of the index."""
    return directory() / "index.json"


@cache
def entries() -> tuple[Entry, ...]:
    """All networks of the zoo, as the index has them: by year, the variants of a spec together."""
    if not index().is_file():
        return ()
    return tuple(Entry(**each) for each in json.loads(index().read_text("utf-8"))["networks"])


def known() -> tuple[str, ...]:
    """All names by which a network can be asked for: those of the specs and those of their variants."""
    return tuple(sorted({*names(), *(entry.name for entry in entries())}))


def spec_of(name: str) -> Path | None:
    """The file of the zoo in which a network is defined that is called `vgg`, `vgg:D` or `vgg16_bn`, or None."""
    path, _variant = within(name) or (None, None)
    return path


def locate(spec: str, variant: str | None = None) -> tuple[str, str | None]:
    """The path and the variant that a user means by `FILE[:VARIANT]` or `NAME[:VARIANT]`.

    A file that exists comes first, then the zoo; otherwise the text is taken as a path, and reading it fails.
    """
    head, _colon, tail = spec.rpartition(":")
    for name, chosen in ((spec, variant), (head, tail)):
        if name and Path(name).exists():
            return name, chosen
    found = within(spec, variant)
    if found is not None:
        return str(found[0]), found[1]
    return (head, tail) if head.endswith(".net") else (spec, variant)


def within(name: str, variant: str | None = None) -> tuple[Path, str | None] | None:
    """The file and the variant of a network of the zoo, or None where there is none by that name."""
    if "/" in name.partition(":")[0]:  # a path; a variant may have one: ViT's B/16
        return None
    head, _colon, tail = name.rpartition(":")
    for stem, chosen in ((name, variant), (head, tail)):
        path = find(stem) if stem else None
        if path is not None:
            return path, chosen
    for entry in entries():
        if entry.name.lower() == name.lower():
            return directory() / f"{entry.spec}.net", entry.variant
    return None
