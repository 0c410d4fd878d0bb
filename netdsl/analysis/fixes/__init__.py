"""From a wrong spec to what would make it right: verified suggestions where there is a choice, certain fixes applied.

    suggestions(compilation: Compilation, recompile: Callable[[Source], Compilation]) -> tuple[Suggestion, ...]

proposes small edits for the errors of a compilation. A `Suggestion` has the `diagnostic` it is for, a `title` to show
("`conv1-256/2` for the shortcut"; it follows the word "try"), and `edits`, a tuple of `Edit` in the spec's own file.
`recompile` compiles a changed text of that file as the first one was compiled: same variant, params, directory. Every
suggestion has been tried with it: the error is gone, and no other has come. (Where none is that good, one is given
after which errors come to light further down that were silent until then; its title says so.)

    fix(compilation, recompile) -> Fixed

makes the edits that diagnostics carry because they are certain, and nothing else. A suggestion is never certain: that
is why nobody but its reader applies one.

Each kind of suggestion is one file of this folder without an underscore before its name. It holds `CODES`, the codes it
knows a way out of, and `propose(fault)`, which gives `Candidate`s. A new kind is a new file and nothing else. No kind
needs to be sure of what it proposes, since all are tried, the smallest first.
"""

from __future__ import annotations

from netdsl.analysis.fixes._apply import Fixed, fix
from netdsl.analysis.fixes._suggest import MOST_TRIALS, Suggestion, proposed, suggestions

__all__ = ["MOST_TRIALS", "Fixed", "Suggestion", "fix", "proposed", "suggestions"]
