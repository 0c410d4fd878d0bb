"""Many paths in few words: `layer2.0.conv1, layer3.0.conv1`, or `inception*.branch3.1`."""

from __future__ import annotations

from collections.abc import Sequence

_LISTED = 3
_LONGEST = 66


def brief(paths: Sequence[str]) -> str:
    """The paths, all of them where they are few, else the pattern they share, else the first of them."""
    paths = list(dict.fromkeys(shortened(path) for path in paths if path))
    listed = ", ".join(paths)
    if len(paths) <= _LISTED and len(listed) <= _LONGEST:
        return listed
    return pattern(paths) or _first(paths)


def shortened(path: str) -> str:
    """A path of bearable length: its beginning and its end."""
    return path if len(path) <= _LONGEST else f"{path[: _LONGEST // 2]}...{path[-_LONGEST // 2 + 3 :]}"


def pattern(paths: Sequence[str]) -> str:
    """The parts that all paths share, with `*` where they differ; nothing where they share too little."""
    split = [path.split(".") for path in paths]
    if len({len(parts) for parts in split}) != 1:
        return ""
    found = []
    for parts in zip(*split, strict=True):
        first = parts[0]
        if all(part == first for part in parts):
            found.append(first)
            continue
        start = _start(parts)
        end = _start([part[len(start) :][::-1] for part in parts])[::-1]
        found.append(f"{start}*{end}")
    shared = [part for part in found if part != "*"]
    return ".".join(found) if any(not part.isdigit() for part in shared) else ""


def _start(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    low, high = min(texts), max(texts)
    same = (number for number, (one, other) in enumerate(zip(low, high, strict=False)) if one != other)
    return low[: next(same, len(low))]


def _first(paths: Sequence[str]) -> str:
    text = paths[0] if paths else ""
    for number, path in enumerate(paths[1:], 1):
        rest = f", and {len(paths) - number} more"
        if len(text) + len(path) + len(rest) > _LONGEST:
            return text + rest
        text += f", {path}"
    return text
