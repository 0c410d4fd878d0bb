"""From a wrong spec to what would make it right: certain fixes, applied, and tested suggestions for a choice.

    fix(compilation, recompile) -> Fixed

makes the edits that diagnostics carry because they are certain, and no others.

    suggestions(compilation, recompile) -> tuple[Suggestion, ...]

proposes small edits for the errors of a compilation. A `Suggestion` has the `diagnostic` it is for, a `title` to show
("`conv1-256/2` for the shortcut"; it follows the word "try"), and `edits` in the spec's own file. Every suggestion has
been compiled: its error is gone and no new one has come. Where nothing is that good, one is offered after which other
errors appear further down, where unknown shapes hid them; its title says so. Only the user applies a suggestion.

`recompile` compiles a changed text of the file as the first one was compiled: same variant, params, directory.

Each kind of suggestion is one file of this folder without an underscore. It holds `CODES`, the codes it has proposals
for, and `propose(fault)`, which gives `Candidate`s. They need not be right: all are tried, the smallest first.
"""

from __future__ import annotations

from netdsl.analysis.fixes._fix import Fixed, fix
from netdsl.analysis.fixes._suggest import Suggestion, proposed, suggestions, trials

__all__ = ["Fixed", "Suggestion", "fix", "proposed", "suggestions", "trials"]
