"""Every claim of the spec holds: shapes behind `->`, and `expect`."""

from __future__ import annotations

from netdsl.passes.properties import CODE
from netdsl.testing.laws._broken import Broken
from netdsl.testing.laws._law import Law
from netdsl.testing.laws._subject import Subject


class Claims(Law):
    """The spec is right, and every claim in it holds."""

    torch = False

    def hold(self, subject: Subject) -> None:
        errors = [each for each in subject.compilation.report.errors if each.code != CODE]
        if errors:
            raise Broken("\n".join(map(str, errors)))
