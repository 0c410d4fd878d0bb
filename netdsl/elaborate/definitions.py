"""The blocks of a file and of those it uses, found before anything is placed: their order does not matter."""

from __future__ import annotations

from netdsl import ops
from netdsl.elaborate.broken import holds, words
from netdsl.elaborate.evaluator import Evaluator
from netdsl.elaborate.files import Definition, Module
from netdsl.elaborate.problems import Problem, twice
from netdsl.elaborate.values import UNKNOWN
from netdsl.syntax import tree
from netdsl.text.diagnostics import Report, misspelt
from netdsl.text.source import Span


class Definitions:
    """Puts blocks into modules. `hidden`: where a block ends is unknown, and so what stands behind it."""

    def __init__(self, report: Report, unclosed: list[Span]):
        self.report = report
        self.unclosed = unclosed
        self.hidden = False

    def find(self, module: Module, users: tuple[str, ...] = ()) -> None:
        """Find the blocks of a module; `users` are the files through which it is used."""
        users = (*users, module.file.source.name)
        for statement in module.file.statements:
            try:
                if isinstance(statement, tree.Block):
                    self._define(module, statement)
                elif isinstance(statement, tree.Use):
                    self._use(module, statement, users)
                elif isinstance(statement, tree.Broken):
                    found = words(statement, self.report)
                    if "block" in (found.first, misspelt(found.first, ("block",))) and found.name:
                        module.blocks[found.name] = None
            except Problem as problem:
                problem.tell(self.report)

    def _define(self, module: Module, block: tree.Block) -> None:
        name = block.name.text
        resolved = ops.resolve(name)
        if resolved is not None and name.lower().startswith(resolved[0]):  # the papers' aliases may be taken
            message = f"`{name}` reads as an operator and cannot name a block"
            raise Problem("E0206", message, block.name.span, "choose another name")
        before = module.blocks.get(name)
        if before is not None:
            raise twice(f"the block `{name}`", block.name.span, before.block.name.span)
        if holds(block.span, self.unclosed):
            module.blocks[name] = None
            self.hidden = True
            return
        module.blocks[name] = Definition(block, module)
        seen: dict[str, Span] = {}
        for parameter in block.parameters:
            text, span = parameter.name.text, parameter.name.span
            if text in seen:
                twice(f"the parameter `{text}`", span, seen[text]).tell(self.report)
            seen[text] = span

    def _use(self, module: Module, statement: tree.Use, users: tuple[str, ...]) -> None:
        """The blocks of another file, as if they were defined here; they see the params of their own."""
        try:
            file = module.library.open(statement.path, module.file.source.name)
        except Problem:
            module.partial = True
            raise
        if file.source.name in users:
            raise Problem("E0705", "a file uses itself, directly or through others", statement.span)
        used = Module(file, module.library)
        self.find(used, users)
        _evaluate(used)
        for name, found in used.blocks.items():
            before = module.blocks.get(name)
            if before is not None and found is not None and before.block is not found.block:
                twice(f"the block `{name}`", statement.span, before.block.name.span).tell(self.report)
            else:
                module.blocks[name] = found


def _evaluate(module: Module) -> None:
    """The params of a file that is used; what is wrong with them is told where the file is checked itself."""
    evaluator = Evaluator(module.params)
    for statement in module.file.statements:
        if isinstance(statement, tree.Param):
            try:
                module.params[statement.name.text] = evaluator.value(statement.value)
            except Problem:
                module.params[statement.name.text] = UNKNOWN
