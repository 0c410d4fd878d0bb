"""How two networks differ, and its account for a reader: in short, or with all layers side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from netdsl.analysis.compare.finding import AlignedRow, Detail, Finding, Spot
from netdsl.analysis.compare.text import Line, figures, same, side_by_side, title, told
from netdsl.ir import Network

MOST = 10
"""So many findings are told in short; those that change the most."""


@dataclass(frozen=True)
class Difference:
    """How the right network differs from the left one.

    - `findings`: what differs, the same in many places told once; none where they compute the same.
    - `rows`: all layers, aligned.
    - `renamed`: the layers with weights that are called otherwise, as pairs of paths.
    - `exact`: False where the networks are so long that the alignment need not be the best there is.
    """

    left: Network
    right: Network
    findings: tuple[Finding, ...]
    rows: tuple[AlignedRow, ...]
    renamed: tuple[tuple[str, str], ...]
    exact: bool = True

    @property
    def same(self) -> bool:
        """Whether both compute the same function of the same weights, under whatever names."""
        return not self.findings

    @property
    def params(self) -> int:
        return self.right.params - self.left.params

    @property
    def macs(self) -> int:
        return self.right.macs - self.left.macs

    def mirrored(self) -> Difference:
        """How the left network differs from the right one."""
        return replace(
            self,
            left=self.right,
            right=self.left,
            findings=tuple(map(_mirrored, self.findings)),
            rows=tuple(AlignedRow(_MIRROR.get(kind, kind), aux, right, left) for kind, aux, left, right in self.rows),
            renamed=tuple((right, left) for left, right in self.renamed),
        )

    def __str__(self) -> str:
        return "\n".join(line.text for line in short(self))


_MIRROR: dict[str, Any] = {"added": "removed", "removed": "added"}


def _mirrored(finding: Finding) -> Finding:
    return replace(
        finding,
        kind=_MIRROR.get(finding.kind, finding.kind),
        before=finding.after,
        after=finding.before,
        details=tuple(Detail(each.after, each.before, each.times) for each in finding.details),
        spots=tuple(Spot(spot.right, spot.left, spot.output) for spot in finding.spots),
        params=-finding.params,
        macs=-finding.macs,
    )


def short(difference: Difference, most: int | None = MOST) -> list[Line]:
    """What differs, in a screen: the figures, then at most `most` findings, the greatest ones; None for all."""
    left, right = difference.left, difference.right
    if difference.same:
        return same(left, right, difference.renamed)
    lines = [Line(f"{title(left)} -> {title(right)}", "strong"), Line("")]
    lines += figures(left, right)
    lines += told(difference.findings, left, right, most)
    if not difference.exact:
        lines.append(Line("the networks are too long for the best alignment; this is one found in parts", "dim"))
    return lines


def full(difference: Difference) -> list[Line]:
    """All findings, all other names, and the aligned layers side by side; equal ones in a row are counted only."""
    if difference.same:
        return same(difference.left, difference.right, difference.renamed, None)
    return [*short(difference, None), Line(""), *side_by_side(difference.rows)]
