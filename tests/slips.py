"""What a maintainer would send back in an emitted file, found in its syntax tree."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator


def slips(text: str) -> Iterator[str]:
    """Fillers, words that say nothing, what is said twice, and what nothing reads."""
    module = ast.parse(text)
    classes = [each for each in module.body if isinstance(each, ast.ClassDef)]
    names = {each.name for each in classes}
    called = {id(each.func) for each in ast.walk(module) if isinstance(each, ast.Call)}
    handed = {each.id for each in ast.walk(module) if isinstance(each, ast.Name) and id(each) not in called} & names
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "nn.Identity":
            yield "an identity that fills a place"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "nn.Sequential":
            one = len(node.args) == 1 and not isinstance(node.args[0], ast.Starred)
            if one and "# In a sequence of one" not in text:
                yield f"a sequence of one: {ast.unparse(node)}"
        if isinstance(node, ast.If) and node.orelse and ast.unparse(node.body[-1]) == ast.unparse(node.orelse[-1]):
            yield f"both sides end alike: {ast.unparse(node)}"
        if isinstance(node, ast.IfExp) and ast.unparse(node.body) == ast.unparse(node.orelse):
            yield f"both sides are alike: {ast.unparse(node)}"
    for each in classes:
        if re.match(r"(The (block|layers of|auxiliary head) `|Layers in a row)", ast.get_docstring(each) or ""):
            yield f"a docstring that says nothing: {each.name}"
        methods = [part for part in each.body if isinstance(part, ast.FunctionDef)]
        for method in methods:
            done = Counter(ast.unparse(part) for part in method.body if isinstance(part, ast.Expr))
            yield from (f"{each.name}.{method.name}: said twice: {part}" for part, times in done.items() if times > 1)
            words = [part for part in ast.walk(method) if isinstance(part, ast.Name)]
            read = {part.id for part in words if isinstance(part.ctx, ast.Load)} | {"_"}
            given = [part.arg for part in method.args.args[1:]] if each.name not in handed else []
            set_ = [part.id for part in words if isinstance(part.ctx, ast.Store)]
            yield from (
                f"{each.name}.{method.name}: nothing reads {word}" for word in (*given, *set_) if word not in read
            )
        if len(methods) > 1 and [ast.unparse(base) for base in each.bases] == ["nn.Module"]:
            own = [part for part in ast.walk(each) if isinstance(part, ast.Attribute)]
            own = [part for part in own if ast.unparse(part.value) == "self"]
            met = Counter(part.attr for part in own)
            made = {part.attr for part in own if isinstance(part.ctx, ast.Store)}
            yield from (f"{each.name}: nothing reads self.{word}" for word in made if met[word] == 1)
