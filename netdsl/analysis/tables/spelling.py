"""From a cell as papers and text extractors spell it to a statement of a spec.

What looks alike is made alike first (`×` and `x`, letters of other alphabets, ligatures, marks of footnotes); then come
the spellings of the papers, each a pattern with the statement it means; and what is a layer of the language as it
stands is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from unicodedata import normalize

from netdsl import ops
from netdsl.elaborate.files import standard_blocks
from netdsl.syntax import parse, tree
from netdsl.text.diagnostics import Report
from netdsl.text.source import Source

_ALIKE = str.maketrans("АВЕКМНОРСТХавеорсхіΑΒΕΚΜΝΟΡΤΧ", "ABEKMHOPCTXaBeopcxiABEKMNOPTX")
"""Letters of other alphabets that an extractor takes for Latin ones."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_MARKS = re.compile(r"(?<=\w|\))\s*(?:[†‡§¶*]+|\[[a-z]\]|\^[a-z*†‡§¶]+)(?=$|\s|,)")
_TOO_LONG = 20_000
"""A cell that is longer holds no layer."""


def alike(text: str) -> str:
    """A text in the one spelling that the patterns know: `×` between numbers is `x`, powers have `^`."""
    from netdsl.analysis.tables.formats.latex import plain

    if "$" in text or "\\" in text:
        text = plain(text)
    text = re.sub(r"[⁰¹²³⁴-⁹]+", lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text)
    text = normalize("NFKC", text).translate(_ALIKE)
    text = re.sub(r"[\u00ad\u200b-\u200f\ufeff]", "", text)
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"-\s*\n\s*", "-", text)
    text = _MARKS.sub("", " ".join(text.split()))
    return re.sub(r"(?<=[\d\])])\s*[×✕xX*]\s*(?=\d)", "x", text).replace("×", "x").strip()


def lines_alike(lines: tuple[str, ...]) -> str:
    """The lines of a cell as one text: a word that a hyphen divides is put together."""
    joined = ""
    for line in lines:
        joined = joined + line if joined.endswith("-") or not joined else f"{joined} {line}"
    return alike(joined)


_SIZE = r"(\d+)\s*x\s*(\d+)"
_STRIDE = r"(?:,?\s*(?:/|stride:?\s*|s\s*=?\s*)(\d+))?"
_RATE = r"[\s(:]*(?:p\s*=\s*)?(\d+(?:\.\d+)?)\s*(%?)\s*\)?"


def _square(height: str, width: str) -> str:
    return height if height == width else f"{height}x{width}"


def _conv(found: re.Match[str]) -> str:
    kernel = _square(found["h"], found["w"])
    stride = f"/{found['s']}" if found["s"] and found["s"] != "1" else ""
    groups = f"(groups={found['g']})" if found["g"] else ""
    return f"conv{kernel}-{found['c']}{stride}{groups}"


def _pool(found: re.Match[str]) -> str:
    head = "maxpool" if found["kind"].lower().startswith("max") else "avgpool"
    height = found["h"] or found["h2"]
    if height is None:
        return head if head == "maxpool" or found[0] == head else "gap"  # in prose an average over all there is
    kernel = _square(height, found["w"] or found["w2"])
    return f"{head}{kernel}" + (f"/{found['s']}" if found["s"] and found["s"] != kernel else "")


def _dropout(found: re.Match[str]) -> str:
    return f"dropout({found[1]}{found[2]})" if found[1] else "dropout"


_PATTERNS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (
        r"(?:conv(?:olution)?,?\s*)?(?P<h>\d+)\s*x\s*(?P<w>\d+)(?:\s*conv(?:olution)?)?\s*,\s*(?P<c>\d+)"
        r"(?:,?\s*(?:/|stride\s*[:=]?\s*)(?P<s>\d+))?(?:,?\s*(?:C|groups)\s*=\s*(?P<g>\d+))?",
        _conv,
    ),
    (r"max(?:imum)?[\s-]*pool(?:ing)?", lambda _: "maxpool"),
    (
        r"(?:(?P<h>\d+)\s*x\s*(?P<w>\d+)\s*)?(?P<kind>max|avg|average)[\s-]*pool(?:ing)?,?\s*"
        r"(?:(?P<h2>\d+)\s*x\s*(?P<w2>\d+))?(?:,?\s*(?:/|stride\s*[:=]?\s*)(?P<s>\d+))?",
        _pool,
    ),
    (r"(?:\d+\s*x\s*\d+\s*)?(?:global\s*)(?:avg|average)[\s-]*pool(?:ing)?", lambda _: "gap"),
    (r"(?:FC|fully[\s-]*connected|linear|dense)[\s:-]*\(?(\d+)\)?", lambda found: f"fc-{found[1]}"),
    (r"(\d+)\s*-?\s*d\s*(?:fc|fully[\s-]*connected|linear)", lambda found: f"fc-{found[1]}"),
    (r"soft[\s-]*max", lambda _: "softmax"),
    (rf"drop[\s-]*out(?:{_RATE})?", _dropout),
    (r"(?:local\s*response\s*norm(?:ali[sz]ation)?|LRN)", lambda _: "lrn"),
)


@lru_cache(2048)
def layer(text: str) -> str | None:
    """The statement that a cell's text (as `alike` gives it) means; None where it is no layer."""
    if len(text) > _TOO_LONG:
        return None
    for pattern, meaning in _PATTERNS:
        found = re.fullmatch(pattern, text, re.IGNORECASE)
        if found is not None:
            return meaning(found)
    return text if _known(text) else None


def layers(text: str) -> list[str] | None:
    """The statements that a cell with several layers means, which commas part: `average pool, 1000-d fc, softmax`."""
    single = layer(text)
    if single is not None:
        return [single]
    parts = [layer(part.strip()) for part in re.split(r"[,;]\s*", text)]
    return None if None in parts else [part for part in parts if part is not None]


def _known(text: str) -> bool:
    """Whether a text is statements of the language whose operators and blocks there are, with rows of numbers."""
    rows = re.fullmatch(r"\[(.*)\][^\[\]]*", text)
    if (rows is not None and re.search(r"(?:^|;)\s*[^\d\s]", rows[1])) or re.match(r"output\b", text, re.IGNORECASE):
        return False
    report = Report()
    file = parse(Source("cell", text), report)
    if report.errors or not file.statements:
        return False
    for statement in file.statements:
        if not isinstance(statement, tree.Layer):
            return False
        head = getattr(statement.item, "head", None)
        if head is not None and ops.resolve(head.text) is None and head.text not in standard_blocks():
            return False
    return True


def stack(text: str) -> tuple[list[str], int] | None:
    """The rows and the count of a stack in brackets: `[1x1, 64; 3x3, 64; 1x1, 256]x3`; None for something else."""
    found = re.fullmatch(r"\[\s*(.*?)\s*;?\s*\]\s*x?\s*(\d+)?", text)
    if found is None:
        return None
    rows = []
    for row in re.split(r"\s*;\s*", found[1]):
        fits = re.fullmatch(
            r"(?:conv,?\s*)?(\d+)\s*x\s*(\d+)(?:\s*conv)?\s*,\s*(\d+)(?:,\s*(?:C|groups)\s*=\s*(\d+))?", row
        )
        if fits is None:
            return None
        rows.append(f"{fits[1]}x{fits[2]}, {fits[3]}" + (f", groups={fits[4]}" if fits[4] else ""))
    return rows, int(found[2] or 1)


def size(text: str) -> tuple[int, ...] | None:
    """A printed size, height x width (x channels): `112x112x64`, `112^2x64`, `1x1`."""
    text = re.sub(r"(\d+)\^2", r"\1x\1", text.replace(" ", ""))
    return tuple(map(int, text.split("x"))) if re.fullmatch(r"\d{1,6}(x\d{1,6}){0,2}", text) else None
