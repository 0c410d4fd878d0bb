"""What is open and what is one box, so that a picture fits a page: a block call is one box, until it is opened.

By default a call is opened only where its statement holds most of the network, since a single box would then say
nothing; and bracket blocks as long as the picture stays within `MOST` boxes: all of them or none, whose boxes show
their rows. A network that is still too large has its other frames closed, innermost first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from netdsl.backends.pictures.fold import Folder
from netdsl.backends.pictures.items import Box, Frame, Item, count
from netdsl.backends.pictures.layers import CALLS, Layers, tidy
from netdsl.ir import Network
from netdsl.text.source import Span

MOST = 45
"""Boxes on one page, in type that can be read."""
BLOCKS, NAMES = "the first of each block is open", "the first of each name is open"
"""What is open where a page has no room for all that was asked for."""
LARGE = 0.5
"""The share of a network's layers from which a call is not one of its parts, but the network."""

Closes = Callable[[Frame, int, int], bool]
"""Whether a frame is closed, by how many calls and how many frames it is in."""


@dataclass
class Folded:
    """The items to draw, and for each value that is not drawn the one that stands for it."""

    network: Network
    items: list[Item]
    stands: dict[int, int] = field(default_factory=dict)
    less: str = ""
    """What is open, where it is less than was asked for."""

    def resolve(self, value: int) -> int:
        """The drawn value that stands for `value`, or itself."""
        while value in self.stands:
            value = self.stands[value]
        return value


def primitives(network: Network, *, expand: bool = False) -> Folded:
    """Every primitive as a box of its own; what repeats is drawn once, unless `expand`."""
    return _made(network, Layers(network, apart=True), lambda frame, calls, level: False, expand)


def layers(network: Network, *, expand: bool = False) -> Folded:
    """Every layer with its norm and activation as one box; what repeats is drawn once, unless `expand`."""
    return _made(network, Layers(network), lambda frame, calls, level: False, expand)


def asked(network: Network, *, depth: int | None = None, opened: tuple[str, ...] = ()) -> Iterator[Folded]:
    """The network with its blocks as boxes: those deeper than `depth` calls are closed, apart from the `opened` ones,
    which are named by label, path or block. What is asked for comes first; then, for a page without room for it, the
    first of each block alone, and less depth; the last has as little open as can be: the first of each name."""
    read = Layers(network)
    for most in range(depth or 0, -1, -1):
        for less in ("", BLOCKS, *([NAMES] if opened and not most else [])):
            found = _made(network, read, _asked(read, most, opened, less))
            found.less = less or (BLOCKS if most < (depth or 0) else "")
            yield found


def blocks(network: Network) -> Iterator[Folded]:
    """The network with its blocks as boxes, at most `MOST` of them, from the most open to the least."""
    read = Layers(network)
    items = read.items()
    large = _large(network, items)
    before, tried = -1, set[tuple[tuple[str, int], ...]]()  # a network may have no boxes at all
    for closes in _policies(large):
        items = items or read.items()
        closed = list(_closed(items, closes))
        which = tuple((frame.kind, id(frame.scope)) for frame in closed)
        if which in tried:
            continue
        tried.add(which)
        found, items = _folded(network, items, closed), []
        found.items = _spliced(found.items, LARGE * len(network.nodes))
        boxes = count(found.items)
        if boxes != before and boxes <= MOST:
            yield found
        before = boxes
    if before > MOST:  # a chain without any frames has nothing that could be closed
        yield found


def _policies(large: frozenset[Span]) -> Iterator[Closes]:
    """Ways to close frames, from the most open to the least."""
    named = CALLS - {"bracket"}
    yield lambda frame, calls, level: frame.kind in named and frame.span not in large
    yield lambda frame, calls, level: frame.kind == "bracket" or (frame.kind in named and frame.span not in large)
    yield lambda frame, calls, level: frame.kind in named and not (frame.span in large and calls == 0 and _once(frame))
    yield (
        lambda frame, calls, level: (
            frame.kind == "bracket"
            or (frame.kind in named and not (frame.span in large and calls == 0 and _once(frame)))
        )
    )
    for most in range(6, -1, -1):
        yield lambda frame, calls, level, most=most: (  # type: ignore[misc]
            frame.kind not in ("fork", "branch", "shortcut") and (frame.kind in CALLS or level >= most)
        )


def _once(frame: Frame) -> bool:
    """Whether a call holds most of the network by itself, and not as one of many."""
    return len(frame.children) > 3


def _asked(read: Layers, depth: int, opened: tuple[str, ...], less: str) -> Closes:
    """What is closed; with `less` all calls but the first that would be open of a block, or by one name. Nothing is to
    be seen in a call that only passes its value on."""
    names = set(opened)
    wanted: set[int] = set()
    seen: set[str] = set()

    def look(items: list[Item], calls: int) -> bool:
        found = False
        for item in items:
            if isinstance(item, Frame):
                call = item.kind in CALLS
                called = names & {item.label, item.title, item.scope.path}
                meant = (called or (call and calls < depth)) and count(item.children) > 0
                key = min(filter(None, called)) if called and less == NAMES else _name(item)
                first = not less or not call or key not in seen
                if meant and first and call:
                    seen.add(key)
                inside = look(item.children, calls + call)
                if inside or (meant and first):
                    wanted.add(id(item.scope))
                    found = True
        return found

    look(read.items(), 0)
    return lambda frame, calls, level: frame.kind in CALLS and id(frame.scope) not in wanted


def _name(frame: Frame) -> str:
    """What calls of one block have in common: its name; of a bracket, which has none, the place of its statement."""
    return frame.title if frame.kind != "bracket" else str(frame.span)


def _large(network: Network, items: list[Item]) -> frozenset[Span]:
    """The statements whose calls hold most of the network."""
    sizes: Counter[Span] = Counter()
    stack = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, Frame):
            stack.extend(item.children)
            if item.kind in CALLS:
                sizes[item.span] += item.end - item.start
    return frozenset(span for span, size in sizes.items() if size >= LARGE * len(network.nodes))


def _made(network: Network, read: Layers, closes: Closes, expand: bool = False) -> Folded:
    items = read.items()
    return _folded(network, items, list(_closed(items, closes)), expand)


def _folded(network: Network, items: list[Item], closed: Iterable[Frame], expand: bool = False) -> Folded:
    for frame in closed:
        frame.closed = True
    folder = Folder(network)
    folded = tidy(items if expand else folder.fold(items))
    return Folded(network, folded, folder.stands)


def _closed(items: list[Item], closes: Closes, calls: int = 0, level: int = 0) -> Iterator[Frame]:
    """The frames that are closed: in those that are not, others may be."""
    for item in items:
        if not isinstance(item, Frame):
            continue
        drawn = item.kind not in ("fork", "branch", "shortcut", "iteration")
        if closes(item, calls, level) and not _single(item):
            yield item
        else:
            yield from _closed(item.children, closes, calls + (item.kind in CALLS), level + drawn)


def _single(frame: Frame) -> bool:
    """Whether only one box is inside, which needs no closed frame to stand for it."""
    only: Item = frame
    while isinstance(only, Frame) and len(only.children) == 1:
        only = only.children[0]
    return isinstance(only, Box)


def _spliced(items: list[Item], size: float) -> list[Item]:
    """The items with those of a frame in place of it, where it holds most of the network and only says so."""
    found: list[Item] = []
    for item in items:
        plain = isinstance(item, Frame) and not item.closed and item.times == 1 and item.end - item.start >= size
        if isinstance(item, Frame) and plain and item.kind in ("block", "group", "repeat"):
            found.extend(_spliced(item.children, size))
            continue
        found.append(item)
    return found
