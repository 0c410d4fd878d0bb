"""The body of a `forward`: members in order, with variables that read well.

A value lives in the variable that suits its place (`variables`), or under its label where it is used again later. A
variable is taken again only when nothing needs its old value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import chain, count, pairwise
from operator import itemgetter

from netdsl.backends.torch.layout import WIDTH, Bracket, call, flat
from netdsl.backends.torch.levels import HALVES, Again, Leaf, Level, Member
from netdsl.backends.torch.names import snake, variable
from netdsl.backends.torch.plan import Plan
from netdsl.backends.torch.repeats import LOOPS, form_of, gathered, in_turn
from netdsl.backends.torch.statements import INDENT, Statement, Step, apply, assign, fill, returned
from netdsl.backends.torch.variables import Suiting, first_of
from netdsl.ops import Family

MOST_TERMS = 12
"""How many terms of a sum or product stand in one statement."""

FOLLOWING = (Family.ACTIVATION, Family.NORMALIZATION)
"""What is written around the call before it: `self.relu(self.bn1(self.conv1(x)))`."""


class Forward:
    """Writes the statements of one class.

    `inputs` are the variables of the values it is given, `access` how a member is reached from `self` or from the
    container that owns it, `taken` the names that no variable may have. `addition` is the node whose second term passes
    `self.downsample`, if there is one. Where it is `spelled` out, an identity with a label is a statement.
    """

    def __init__(
        self,
        level: Level,
        plan: Plan,
        inputs: dict[int, str],
        access: Callable[[Member, str], str],
        taken: Iterable[str] = (),
        addition: int | None = None,
        spelled: bool = False,
    ):
        self.level = level
        self.plan = plan
        self.variables = dict(inputs)
        self.access = access
        self.taken = frozenset(taken)
        self.addition = addition
        self.spelled = spelled
        self.steps: list[Step] = []
        self.sizes: dict[str, int] = {}
        self.aliases: dict[int, int] = {}
        self.statements: list[Statement] = []
        first, *others = inputs.values()
        self.main = "out" if "x" in others else "x" if others else first
        self.suiting = Suiting(plan, level.scope, self.main)
        self.preferred = self.suiting.names
        self._collect(level, "self", level.aux and not level.called)
        self._labels()

    # What is computed ------------------------------------------------------------------------------------------------

    def _collect(self, level: Level, owner: str, aux: bool = False) -> None:
        made = [member for member in level.members if not isinstance(member, Again) and member.constructed]
        self.sizes[owner] = len(made)
        together = _in_a_row(level, made, {*level.outputs, *self.plan.kept}) if level.listed else []
        for member in level.members:
            if member in together:
                if member is together[0]:
                    step = Step(together[-1].outputs, member.inputs, partial(call, ""), loop=in_turn, kept=True)
                    self.steps.append(step)
                continue
            if isinstance(member, Level) and not member.called:
                self._collect(member, self.access(member, owner), aux or member.aux)
                continue
            leaf = member if isinstance(member, Leaf) else None
            if leaf is not None and leaf.node.op.transparent:
                if self.spelled and leaf.node.label:
                    self.steps.append(Step(leaf.outputs, leaf.inputs, itemgetter(0), follows=True, kept=True))
                else:
                    self.aliases[leaf.node.id] = leaf.inputs[0]
                continue
            if leaf is not None and leaf.torch is HALVES:
                if leaf.other is not None:
                    outputs = (*leaf.outputs, *leaf.other.outputs)
                    self.steps.append(Step(outputs, leaf.inputs, lambda texts: f"{texts[0]}.chunk(2, dim=1)", aux=aux))
                continue
            layer = member.target if isinstance(member, Again) else member
            function = leaf.torch.function if leaf is not None else None
            reached = self.access(member, owner) if function is None else ""
            text: Callable[[list[str]], Bracket] = partial(call, reached)
            if function is not None:
                text = partial(apply, function)
            by_key = reached if reached.rpartition(".")[0] in self.sizes else ""
            place = leaf.node.span if leaf is not None else layer.scope.span if isinstance(layer, Level) else None
            step = Step(member.outputs, member.inputs, text, aux=aux, access=by_key, place=place)
            if isinstance(layer, Leaf) and layer.torch.expression is not None:
                template = layer.torch.expression.replace("{m}", reached if layer.bare else "")
                step.text, step.access = partial(fill, template), ""
                step.form = form_of(template)
                once = all(layer.torch.expression.count(f"{{{place}}}") < 2 for place in range(len(member.inputs)))
                step.takes, step.join = once, not layer.bare
            step.aux = aux or (isinstance(member, Level) and member.aux)
            if self.addition is not None and isinstance(member, Level) and member.scope.kind == "shortcut":
                step.text, step.kept = _optional, True
            elif leaf is not None and leaf.node.id == self.addition and len(self.steps) and not self._projected():
                self.steps.append(Step((SHORTCUT,), step.inputs[1:], _optional, kept=True))
                self.preferred[SHORTCUT] = "shortcut"
                step.inputs = (step.inputs[0], SHORTCUT)
            if leaf is not None and leaf.constructed:
                step.follows = leaf.node.implicit or leaf.node.op.family in FOLLOWING
            self.steps.append(step)

    def _projected(self) -> bool:
        return any(step.kept for step in self.steps)

    def _labels(self) -> None:
        """A value that is needed again later, or is one of several that are given, goes by its label."""
        several: Iterable[int] = self.level.scope.outputs.values() if len(self.level.outputs) > 1 else ()
        if self.level is self.plan.root and len(self.plan.network.returns) > 1:
            several = self.plan.network.returns.values()
        uses: dict[int, list[int]] = {}
        for place, step in enumerate(self.steps):
            for value in step.inputs:
                uses.setdefault(self._through(value), []).append(place)
        for place, step in enumerate(self.steps):
            if step.loop is not None and len(step.outputs) > 1:
                names = [self.variables[value] for value in step.inputs]
                self.preferred.update(zip(step.outputs, names, strict=True))
                continue
            for value in step.outputs:
                label = self.plan.labels.get(value)
                used = uses.get(value, [place + 1])
                joined = value in self.suiting.branches and len(used) == 1
                later = used != [place + 1] or value in several or value in self.suiting.asked
                stays = label is not None and label.startswith("branch") and self.preferred[value] == first_of(label)
                if label is not None and not step.aux and not joined and not stays and later:
                    self.preferred[value] = label

    def _through(self, value: int) -> int:
        while value in self.aliases:
            value = self.aliases[value]
        return value

    def name(self, value: int) -> str:
        """The variable that holds a value."""
        return self.variables[self._through(value)]

    # Statements ------------------------------------------------------------------------------------------------------

    def write(self, results: Iterable[int]) -> None:
        """Find the statements; afterwards `name` tells the variable of each of `results`."""
        through = self._through
        for step in self.steps:
            step.inputs = tuple(map(through, step.inputs))
        results = list(map(through, results))
        self.steps = gathered(self.steps, results, self.preferred, self.sizes)
        if any(step.loop is not None for step in self.steps):
            self.taken |= LOOPS
        left: dict[int, int] = {}
        users: dict[int, list[int]] = {}
        for place, step in enumerate(self.steps):
            for value in step.inputs:
                left[value] = left.get(value, 0) + 1
                users.setdefault(value, []).append(place)
        for value in results:
            left[value] = left.get(value, 0) + 1
        pending: dict[int, tuple[Bracket | str, list[int]]] = {}
        bound = {name: value for value, name in self.variables.items()}
        for place, step in enumerate(self.steps):
            texts: list[str] = []
            sources: list[int] = []
            for value in step.inputs:
                text, used = pending.pop(value) if value in pending else (self.variables[value], [value])
                texts.append(flat(text) or "")
                sources += used
            expression = (
                step.text(texts) if len(texts) <= MOST_TERMS or not step.join else self._long(step, texts, bound, left)
            )
            if self._inlines(step, place, users, left, flat(expression) or ""):
                pending[step.outputs[0]] = (expression, sources)
                continue
            for value in sources:
                left[value] -= 1
            names = []
            for value in step.outputs:
                needed = left.get(value, 0) > 0 or step.loop is not None
                name = self._variable(value, bound, left) if needed else "_"
                if needed:
                    bound[name] = value
                    self.variables[value] = name
                names.append(name)
            if step.loop is not None:
                names, expression = [], step.loop(texts, names)
            if names != [expression]:
                self.statements.append(([] if set(names) == {"_"} else names, expression, step.aux))

    def lines(
        self, results: Sequence[int], ending: Bracket | str | None = None, training: Bracket | None = None
    ) -> list[str]:
        """The statements as text, unindented, and the return: of `results`, or `ending`; `training` before it."""
        statements = list(self.statements)
        names = [self.name(value) for value in results]
        last = statements[-1] if statements else None
        if names and last is not None and last[0] == names and not last[2]:
            ending = statements.pop()[1]
        elif len(names) == 1:
            ending = names[0]
        elif ending is None:
            listed = ", ".join(names)
            fits = INDENT + len(f"return {listed}") <= WIDTH
            ending = listed if fits else Bracket("(", tuple(("", name) for name in names), ")")
        found = [assign(*each) for each in statements]
        if training is not None:
            found += ["if self.training:", "    " + returned(training, 4).replace("\n", "\n    ")]
        return [*found, returned(ending)]

    def _long(self, step: Step, texts: list[str], bound: dict[str, int], left: dict[int, int]) -> Bracket | str:
        """A sum or product of many terms, over several statements; a concatenation takes any number."""
        whole = step.text(texts)
        sign = (flat(whole) or "")[len(texts[0]) :][:3]
        if sign not in (" + ", " * "):
            return whole
        name = self._variable(step.outputs[0], bound, left)
        done = texts[:MOST_TERMS]
        for start in range(MOST_TERMS, len(texts), MOST_TERMS):
            self.statements.append(([name], sign.join(done), False))
            done = [name, *texts[start : start + MOST_TERMS]]
        return sign.join(done)

    def _inlines(self, step: Step, place: int, users: dict[int, list[int]], left: dict[int, int], text: str) -> bool:
        """Whether an expression is written into the one that takes it."""
        if step.aux or step.kept or len(step.outputs) != 1 or left.get(step.outputs[0], 0) != 1:
            return False
        used = users.get(step.outputs[0], ())
        if len(used) != 1 or self.steps[used[0]].aux:
            return False
        consumer = self.steps[used[0]]
        if consumer.follows and used[0] == place + 1 and len(consumer.inputs) == 1:
            return len(text) < 60
        if not consumer.takes or step.join or len(consumer.inputs) > MOST_TERMS:
            return False
        return (
            all(value in self.variables for value in step.inputs)
            and text.count("(") <= 1 + text.count("getattr(")
            and sum(len(self.variables.get(value, "")) for value in consumer.inputs) + len(text) * len(consumer.inputs)
            < 90
            and all(self._together(between, used, users, left) for between in range(place + 1, used[0]))
        )

    def _together(self, place: int, used: Sequence[int], users: dict[int, list[int]], left: dict[int, int]) -> bool:
        """Whether a later step is written into the same expression. What stands between the two would come before
        the earlier one else: another order than the spec's, for the masks of dropout and the sums of gradients too."""
        step = self.steps[place]
        if [users.get(value) for value in step.outputs] != [used] or not self.variables.keys() >= {*step.inputs}:
            return False
        text = flat(step.text([self.variables[value] for value in step.inputs])) or ""
        return self._inlines(step, place, users, left, text)

    def _variable(self, value: int, bound: dict[str, int], left: dict[int, int]) -> str:
        base = variable(snake(self.preferred.get(value, self.main)), self.taken)
        between = "_" if base[-1].isdigit() else ""
        further = (f"{base}{between}{number}" for number in count(2))
        names = chain([base], ["out"] if base == "x" else [], further)
        free = (each for each in names if each not in bound or left.get(bound[each], 0) <= 0)
        return next(each for each in free if each not in self.taken)


SHORTCUT = -1
"""The number of the value behind a `downsample` that may not be there."""


def _in_a_row(level: Level, made: Sequence[Leaf | Level], kept: Collection[int]) -> Sequence[Leaf | Level]:
    """The modules of a list where they are called one after the other, from what is given, each on all that the one
    before gives; none where they are not, or where a value in between is one of those that are `kept`."""
    if len(made) < 2 or not {*made[0].inputs} <= {*level.inputs} or len(made[0].inputs) != len(made[0].outputs):
        return []
    for one, other in pairwise(made):
        if one.outputs != other.inputs or len(other.outputs) != len(one.outputs):
            return []
    between = {value for member in made[:-1] for value in member.outputs}
    taken = [value for member in level.members if member not in made for value in member.inputs]
    containers = any(isinstance(member, Level) and not member.called for member in made)
    return [] if containers or between & {*kept, *taken} else made


def _optional(texts: list[str]) -> str:
    return f"{texts[0]} if self.downsample is None else self.downsample({texts[0]})"
