"""Steps of a `forward` that repeat, as one: the branches of a join in a comprehension, layers in a row in a loop.

Modules that count up under one name are reached by it, `self[f"branch{i + 1}"]`; where a module has no others, a loop
over its values reaches them, which TorchScript can read too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

from netdsl.backends.torch.layout import Bracket, call
from netdsl.backends.torch.statements import Step, fill

MOST_BRANCHES = 4
"""From so many on, branches of a join are a comprehension."""
MOST_LAYERS = 12
"""From so many on, layers in a row that count up are a loop; fewer are written out, which TorchScript can read too."""

LOOPS = frozenset({"i", "layer", "branch", "term"})
"""The variables of loops."""

LISTS = -10
"""The numbers of values that are lists count down from here."""

SUM, ROW = "sum", "row"
MOST_TERMS = 12


def form_of(template: str) -> str:
    """What kind of join the text of one is."""
    if template == "torch.cat([{all}], dim=1)":
        return ROW
    terms = template.split(" + ")
    return SUM if terms == [f"{{{place}}}" for place in range(len(terms))] and len(terms) > 1 else ""


def gathered(
    steps: list[Step], results: Collection[int], names: dict[int, str], sizes: Mapping[str, int]
) -> list[Step]:
    """The steps, those that repeat as one. `results` are values that are needed behind all of them; `names` suit the
    values, `sizes` are the numbers of modules in what holds some, by how that is reached."""
    if sum(_counted(step) is not None for step in steps) < MOST_BRANCHES:
        return steps
    found, lists = _layers(steps, results, names, sizes)
    return _branches(found, results, names, sizes, lists)


def _counted(step: Step) -> tuple[str, int] | None:
    """How a module that counts up is reached, with `#` for its number, and the number."""
    if step.aux or step.kept:
        return None
    found = re.fullmatch(r"(self(?:\.\w+)*)\.([A-Za-z_]\w*?)(0|[1-9]\d*)", step.access)
    return (f'{found[1]}[f"{found[2]}#"]', int(found[3])) if found else None


def _modules(run: list[Step], word: str, sizes: Mapping[str, int]) -> tuple[str, str]:
    """What a loop over modules that count up says: its head, and the module in it, a `word` where it has them all."""
    way, first = _counted(run[0]) or ("", 0)
    owner = way.partition("[")[0]
    if sizes.get(owner) == len(run):
        return f"for {word} in {owner}.values()", word
    return f"for i in range({len(run)})", way.replace("#", f"{{i + {first}}}" if first else "{i}")


def _users(steps: list[Step]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in steps:
        for value in step.inputs:
            found.setdefault(value, []).append(step)
    return found


# Layers in a row -----------------------------------------------------------------------------------------------------


def _layers(
    steps: list[Step], results: Collection[int], names: dict[int, str], sizes: Mapping[str, int]
) -> tuple[list[Step], set[int]]:
    """Layers that count up, each applied to what the one before gives, as loops; and the lists that TorchScript reads
    of them."""
    lists: set[int] = set()
    users = _users(steps)
    found: list[Step] = []
    at = 0
    while at < len(steps):
        run = list(_run(steps, at, users, results))
        join = _collected(run, users, results)
        if len(run) < MOST_LAYERS or (len(run[0].outputs) > 1 and join is None):
            found.append(steps[at])
            at += 1
            continue
        listed = LISTS - at
        outputs = (run[-1].outputs[_main(run)], *((listed,) if join is not None else ()))
        head, module = _modules(run, "layer", sizes)
        text = partial(row, head, module, _main(run))
        lists |= {listed} if module == "layer" else set()
        found.append(Step(outputs, run[0].inputs, run[0].text, loop=text, kept=True))
        if join is not None:
            aside = {step.outputs[1 - _main(run)] for step in run}
            names[listed] = names.get(run[0].outputs[1 - _main(run)], "value") + "s"
            at_first = next(place for place, value in enumerate(join.inputs) if value in aside)
            inputs = [value for value in join.inputs if value not in aside]
            join.inputs = (*inputs[:at_first], listed, *inputs[at_first:])
        at += len(run)
    return found, lists


def _run(steps: list[Step], at: int, users: dict[int, list[Step]], results: Collection[int]) -> Iterator[Step]:
    """The steps from one on that are the next module in the count, each on the main value of the one before."""
    before = _counted(steps[at])
    if before is None or len(steps[at].inputs) != 1 or len(steps[at].outputs) > 2:
        return
    yield steps[at]
    for one, two in zip(steps[at:], steps[at + 1 :], strict=False):
        counted = _counted(two)
        feeds = [value for value in one.outputs if two.inputs == (value,)]
        if (
            one.place != two.place
            or counted != (before[0], before[1] + 1)
            or len(feeds) != 1
            or len(two.outputs) != len(one.outputs)
        ):
            return
        if users[feeds[0]] != [two] or feeds[0] in results:
            return
        yield two
        before = counted


def _main(run: list[Step]) -> int:
    """Which output of each goes on to the next."""
    return run[0].outputs.index(run[1].inputs[0])


def _collected(run: list[Step], users: dict[int, list[Step]], results: Collection[int]) -> Step | None:
    """The join that takes what each gives beside its main value, all of it in a row."""
    if len(run) < MOST_LAYERS or len(run[0].outputs) != 2:
        return None
    aside = [step.outputs[1 - _main(run)] for step in run]
    joins = {id(user): user for value in aside for user in users.get(value, ())}
    join = next(iter(joins.values())) if len(joins) == 1 else None
    if join is None or join.form not in (SUM, ROW) or set(aside) & set(results):
        return None
    places = [place for place, value in enumerate(join.inputs) if value in aside]
    whole = [join.inputs[place] for place in places] == aside and places[-1] - places[0] == len(places) - 1
    return join if whole else None


def in_turn(texts: list[str], names: list[str]) -> str:
    """The statements of a loop over the modules of a list, each applied to all that the one before gives."""
    given = ", ".join(names)
    before = [] if texts == names else [f"{given} = {', '.join(texts)}"]
    return "\n".join([*before, "for layer in self:", f"    {given} = layer({given})"])


def row(head: str, module: str, main: int, texts: list[str], names: list[str]) -> str:
    """The statements of a loop over modules, each applied to what the one before gives: from `text`, to the variables
    of what the last gives and, in a list, of what each gives beside it, of which `main` is the place of the former."""
    name = names[0]
    lines = [] if texts == [name] else [f"{name} = {texts[0]}"]
    if len(names) == 1:
        return "\n".join([*lines, f"{head}:", f"    {name} = {module}({name})"])
    one = names[1].removesuffix("s")
    given = f"{name}, {one}" if main == 0 else f"{one}, {name}"
    more = [f"{names[1]} = []", f"{head}:", f"    {given} = {module}({name})", f"    {names[1]}.append({one})"]
    return "\n".join([*lines, *more])


# Branches of a join --------------------------------------------------------------------------------------------------


def _branches(
    steps: list[Step],
    results: Collection[int],
    names: dict[int, str],
    sizes: Mapping[str, int],
    lists: Collection[int],
) -> list[Step]:
    """Joins of branches that count up, as comprehensions."""
    users = _users(steps)
    made = {step.outputs[0]: step for step in steps if len(step.outputs) == 1}
    gone: set[int] = set()
    found = [[step] for step in steps]
    for place, join in enumerate(steps):
        if join.form not in (SUM, ROW):
            continue
        parts: list[tuple[int, list[Step]]] = []
        for value in join.inputs:
            step = made.get(value)
            own = [step] if step and _counted(step) and users[value] == [join] and value not in results else []
            if own and parts and parts[-1][1] and _next(parts[-1][1][-1], own[0]):
                parts[-1][1].append(own[0])
            else:
                parts.append((value, own))
        runs = [run for _, run in parts if len(run) >= MOST_BRANCHES]
        if join.form == SUM and len(join.inputs) - sum(len(run) - 1 for run in runs) > MOST_TERMS:
            continue
        if runs or any(value <= LISTS for value in join.inputs):
            found[place] = [_joined(join, parts, sizes)]
            value, run = parts[0]
            whole = value in lists or (run and _modules(run, "branch", sizes)[1] == "branch")
            if join.form == SUM and len(parts) == 1 and whole:
                found[place] = list(_added(join, parts[0], LISTS - len(steps) - place, names, sizes))
            gone |= {id(step) for run in runs for step in run}
    return [step for each in found for step in each if id(step) not in gone]


def _added(
    join: Step, part: tuple[int, list[Step]], listed: int, names: dict[int, str], sizes: Mapping[str, int]
) -> Iterator[Step]:
    """A sum of what many modules give, which is a list first: TorchScript adds no lists up."""
    value, run = part
    if run:
        head, module = _modules(run, "branch", sizes)
        names[listed] = "terms"
        yield Step((listed,), run[0].inputs, lambda texts: f"[{module}({', '.join(texts)}) {head}]", kept=True)
    yield Step(join.outputs, (listed if run else value,), partial(call, "sum"), kept=True, loop=_sum)


def _sum(texts: list[str], names: list[str]) -> str:
    """The statements that add a list up."""
    (name,), (text,) = names, texts
    one = text.removesuffix("s").rstrip("0123456789_")
    return "\n".join([f"{name} = {text}[0]", f"for {one} in {text}[1:]:", f"    {name} = {name} + {one}"])


def _next(one: Step, two: Step) -> bool:
    """Whether a step is the next module in the count, applied to the same values."""
    before, counted = _counted(one), _counted(two)
    alike = one.place == two.place and one.inputs == two.inputs
    return alike and before is not None and counted == (before[0], before[1] + 1)


def _joined(join: Step, parts: list[tuple[int, list[Step]]], sizes: Mapping[str, int]) -> Step:
    """A join some of whose terms come in a comprehension or a list."""
    inputs: list[int] = []
    forms: list[tuple[str, tuple[int, ...]]] = []
    for value, run in parts:
        if len(run) >= MOST_BRANCHES:
            head, module = _modules(run, "branch", sizes)
            places = range(len(inputs), len(inputs) + len(run[0].inputs))
            inputs += run[0].inputs
            forms.append((f"{module}(#) {head}", tuple(places)))
            continue
        for each in [step.outputs[0] for step in run] or [value]:
            forms.append(("*" if each <= LISTS else "", (len(inputs),)))
            inputs.append(each)

    def text(texts: list[str]) -> Bracket | str:
        terms = []
        for form, places in forms:
            inside = ", ".join(texts[place] for place in places)
            several = form.replace("#", inside) if "#" in form else inside
            if form and join.form == SUM:
                terms.append(f"sum({several})")
            elif "#" in form:
                terms.append(several if len(forms) == 1 else f"*[{several}]")
            else:
                terms.append(form + inside)
        if join.form == SUM:
            return " + ".join(terms)
        whole = len(forms) == 1 and forms[0][0] == "*"
        return f"torch.cat({texts[0]}, dim=1)" if whole else fill("torch.cat([{all}], dim=1)", terms)

    return replace(join, inputs=tuple(inputs), text=text, takes=False, form="")
