"""The zoo: the specs that come with the package, by name.

A name is a file's stem, `vgg19`, with a variant behind a colon where the file has a table: `vgg:D`.
"""

from __future__ import annotations

from pathlib import Path

_PLACES = (Path(__file__).parent / "specs", Path(__file__).parent.parent / "specs")


def directory() -> Path:
    """Where the specs lie: inside the installed package, or beside it in a checkout."""
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])


def names() -> tuple[str, ...]:
    """The names of the specs, in alphabetical order."""
    return tuple(sorted(path.stem for path in directory().glob("*.net")))


def find(name: str) -> Path | None:
    """The file of a spec of the zoo, or None. The name's case does not matter."""
    return next((path for path in directory().glob("*.net") if path.stem.lower() == name.lower()), None)


def locate(spec: str, variant: str | None = None) -> tuple[str, str | None]:
    """The path and the variant that a user means by `FILE[:VARIANT]` or `NAME[:VARIANT]`.

    A file that exists comes first, then the zoo; otherwise the text is the path, and reading it will say that there is
    none.
    """
    if Path(spec).exists():
        return spec, variant
    head, colon, tail = spec.rpartition(":")
    for name, chosen in ((spec, variant), (head, tail)) if colon else ((spec, variant),):
        if not name:
            continue
        if Path(name).exists():
            return name, chosen
        found = find(name) if "/" not in name else None
        if found is not None:
            return str(found), chosen
    return (head, tail) if colon and head.endswith(".net") else (spec, variant)
