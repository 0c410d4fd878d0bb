"""What the numbers of a class are made of: its levels walked with symbolic numbers in place of its arguments.

Each class is traced by itself. Its names are *atoms*: the channels of what it is given, the parameters of its block,
and what it reads from further out; whoever constructs it says what they are in its own names (`Trace.called`). For each
layer the operator itself is asked what it gives and how it is written, with the spec's expressions in its fields, so
that channels, groups and paddings come out as expressions. A term that is not what the network has is left out: the
number stays, and the names it depends on are noted as `rigid`, of which no argument of the network may be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from netdsl.backends.torch.construct import UNSET, Argument, Callee, Construct, Parameter
from netdsl.backends.torch.fixed import passes
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.names import LOOPS, variable
from netdsl.backends.torch.plan import Plan
from netdsl.backends.torch.terms import (
    SYMBOLIC,
    Sym,
    SymF,
    Term,
    Unreadable,
    as_term,
    make,
    name,
    parsed,
    plain,
    read,
    symbolic,
    words,
)
from netdsl.ir import Choice, Definition, Node, Scope
from netdsl.ops import Family, Operator, Torch
from netdsl.syntax import tree
from netdsl.text.source import Span

Arms: TypeAlias = tuple[tuple[Term | None, bool], ...]
"""The tests of the `if`s around something, outermost first, and whether they held."""

WINDOW = ("kernel", "stride", "pad", "dilation")
"""Fields on which no channels depend."""

FOLLOWERS = ("norm", "act")


class Names:
    """What the names in one block's text mean, in the atoms of the class around it.

    `around` are those of the text that calls it, where that is part of the same class. `inner` are the indices of
    repetitions.
    """

    def __init__(self, known: Mapping[str, Any], around: Names | None = None, top: bool = False):
        self.known = dict(known)
        self.around = around
        self.top = top

    def with_index(self, index: str, number: Any) -> Names:
        return Names({**self.known, index: number}, self.around, self.top)


@dataclass
class Context:
    """Where a scope stands: the block whose text it is in (None: the net's) and the indices that are known there."""

    block: Scope | None
    indices: dict[str, int] = field(default_factory=dict)


@dataclass
class Loop:
    """A class that is one repetition, `count` times, of one module each.

    `entry` is the atom of what goes into each, `carry` what it gives in these names (None: it differs);
    `environments` are the values of the atoms in each, `label` the keys as written.
    """

    count: Term
    index: str
    entry: str
    carry: Term | None = None
    label: str | None = None
    environments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def growth(self) -> Term | None:
        """What each adds to the channels it is given, where that is all it does to them."""
        carry = self.carry
        if carry is None or carry.op != "+" or carry.args[0] != name(self.entry):
            return None
        step: Term = carry.args[1]
        return None if step.names & {self.entry, self.index} else step

    def after(self) -> Term:
        """The channels behind all of them."""
        assert self.carry is not None
        return self.carry if self.growth is None else make("+", name(self.entry), make("*", self.count, self.growth))


class Trace:
    """One class-like level with symbolic numbers. `env` are the values of its atoms.

    - `source`: where an atom comes from, for who constructs it: `("entry", value)`, `("argument", parameter)`,
      `("default", term)`, `("row", node, field)`, or `("outer", name)`.
    - `torch`: how each layer is written; `shapes`: those of the values seen.
    - `decisions`: the tests that were met, with their outcome.
    - `rigid`: atoms that cannot have another value than the network has.
    - `further`: expressions of texts further out, by the number of calls between.
    """

    def __init__(self, tracer: Tracer, level: Level, loops: bool = True):
        self.tracer = tracer
        self.plan = tracer.plan
        self.level = level
        self.env: dict[str, Any] = {}
        self.source: dict[str, tuple[Any, ...]] = {}
        self.shapes: dict[int, tuple[Any, ...]] = {}
        self.torch: dict[int, Torch] = {}
        self.decisions: dict[Term, bool] = {}
        self.residuals: set[Term] = set()
        self.rigid: set[str] = set()
        self.further: list[tuple[int, str]] = []
        self.made: dict[int, dict[str, Any]] = {}
        self.constructs: dict[int, Construct] = {}
        self._calls: dict[Any, Level] = {}
        self.arms: dict[Choice, Term | None] = {}
        self.strided: dict[int, Any] = {}
        self.loop: Loop | None = None
        self._outer: dict[str, Any] = {}
        self._overrides: dict[int, dict[str, Any]] = {}
        self.entries()
        self.names = self.beginning()
        repeat = _whole(level) if loops else None
        if repeat is None:
            self.walk(level.scope, self.names)
        else:
            self.looped(repeat)

    # Atoms -----------------------------------------------------------------------------------------------------------

    def atom(self, wanted: str, value: Any, source: tuple[Any, ...]) -> Any:
        """A new atom, under a name that Python takes; gives its symbolic value."""
        text = variable(wanted, {*LOOPS, *self.env, *self.tracer.reserved})
        self.env[text] = plain(value)
        self.source[text] = source
        return symbolic(value, name(text))

    def local(self, channels: Any) -> Any:
        """A number of channels as it goes on: one that is long has a name of its own."""
        if not isinstance(channels, Sym) or channels.term.size < 2 or channels.term.opaque or self.loop is not None:
            return channels
        term = channels.term
        for atom, source in self.source.items():
            if source[:2] == ("default", term):
                return symbolic(plain(channels), name(atom))
        number = 2
        wanted = "channels"
        while wanted in self.env:
            wanted, number = f"channels{number}", number + 1
        return self.atom(wanted, plain(channels), ("default", term))

    def entries(self) -> None:
        """The channels of what the class is given."""
        level = self.level
        if level is self.plan.root:
            return
        for number, value in enumerate(_given(level)):
            shape = self.plan.network.shapes[value]
            assert shape is not None
            word = "channels" if len(shape) == 3 else "features"
            label = self.plan.labels.get(value, "other")
            prefix = "in" if number == 0 else label if label.isidentifier() else "other"
            self.shapes[value] = (self.atom(f"{prefix}_{word}", shape[0], ("entry", number)), *shape[1:])

    def beginning(self) -> Names:
        """The names of the text that the level begins in, and its parameters as atoms."""
        scope = self.level.scope
        if self.level is self.plan.root:
            return Names({}, top=True)
        if scope.kind == "block":
            names = Names({}, top=True)
            self.parameters(scope, names)
            return names
        if scope.kind == "bracket":
            self.rows(scope)
        return Names({}, top=True)

    def parameters(self, scope: Scope, names: Names) -> None:
        """Atoms for the parameters of a block; one that its definition computes from others has that term."""
        definition = self.tracer.definition(scope)
        shape = self.shape_of(scope.entry)
        for parameter, value in scope.arguments.items():
            text = definition.parameters.get(parameter) if definition is not None else None
            source: tuple[Any, ...] = ("argument", parameter)
            if text is not None and parameter not in scope.terms and isinstance(value, int | float):
                found = self.evaluate(text, names, shape)
                if found is None:
                    self.lost(text, names)
                if found is not None and plain(found) == value and isinstance(found, Sym | SymF):
                    source = ("default", found.term, parameter)
            number = isinstance(value, int | float | tuple)
            names.known[parameter] = self.atom(parameter, value, source) if number else value

    def rows(self, scope: Scope) -> None:
        """Atoms for a building block in brackets: the width of its first row, others where they are no multiple of it,
        and its stride."""
        nodes = _row_nodes(scope)
        quotients, strided = self.tracer.brackets[kernels(scope)]
        width = self.atom("width", nodes[0].op.channels, ("row", 0, "channels"))  # type: ignore[attr-defined]
        for place, node in enumerate(nodes):
            channels = node.op.channels  # type: ignore[attr-defined]
            quotient = quotients[place]
            if quotient is None:
                symbol = self.atom(f"width{place + 1}", channels, ("row", place, "channels"))
            else:
                symbol = width * quotient
            self._overrides[node.id] = {"channels": symbol}
            stride = node.op.stride  # type: ignore[attr-defined]
            if place == strided and stride[0] == stride[1]:
                self._overrides[node.id]["stride"] = self.atom("stride", stride[0], ("row", place, "stride"))

    def lookup(self, names: Names, shape: tuple[Any, ...]) -> Any:
        """What gives a name in the text of `names` its value, where the current value has this shape."""

        def find(word: str) -> Any:
            if word in names.known:
                return names.known[word]
            outer = self.outer(word) if names.top else self.param(word)
            if outer is not None:
                return outer
            if word == "channels":
                return shape[0]
            if word in ("height", "width"):
                return shape[1 if word == "height" else 2]
            return word

        return find

    def outer(self, word: str) -> Any:
        """The value of a name that comes from further out than this level."""
        if word not in self._outer:
            block, indices = None, dict[str, int]()
            if self.level.scope.kind != "block" and self.level is not self.plan.root:
                context = self.tracer.context[id(self.level.scope)]
                block, indices = context.block, context.indices
            value: Any = indices.get(word)
            if value is None and block is not None:
                value = block.arguments.get(word)
                if isinstance(value, str | bool):
                    return value
            if value is None:
                return self.param(word)
            self._outer[word] = self.atom(word, value, ("outer", word))
        return self._outer[word]

    def param(self, word: str) -> Any:
        """The value of a param of the net: a number where it is fixed."""
        tracer = self.tracer
        if word not in tracer.params:
            return None
        value = tracer.params[word]
        if isinstance(value, bool) or not isinstance(value, int | float) or tracer.is_fixed(word):
            return value
        if word not in self._outer:
            if self.level is self.plan.root and word in tracer.derived:
                found = self.evaluate(tracer.derived[word], self.names, ())
                self._outer[word] = found if found is not None and plain(found) == value else value
            else:
                self._outer[word] = self.atom(word, value, ("outer", word))
        return self._outer[word]

    # Expressions -----------------------------------------------------------------------------------------------------

    def shape_of(self, value: int) -> tuple[Any, ...]:
        found = self.shapes.get(value)
        if found is None:
            known = self.plan.network.shapes[value]
            assert known is not None
            found = known
        return found

    def evaluate(self, text: str, names: Names, shape: tuple[Any, ...]) -> Any:
        """The symbolic value of an expression; None where it has none here."""
        node = tree.Reference(text, _NOWHERE) if text.isidentifier() else parsed(text)
        return None if node is None else self._value(node, names, shape)

    def _value(self, node: tree.Expression, names: Names, shape: tuple[Any, ...]) -> Any:
        try:
            term = read(node, self.lookup(names, shape), self.env)
            return symbolic(term.evaluate(self.env), term)
        except (Unreadable, KeyError, ArithmeticError, TypeError, ValueError, IndexError):
            return None

    def term(self, text: str, actual: Any, names: Names, shape: tuple[Any, ...]) -> Any:
        """The symbolic value of what a field was written as; None where it is not `actual`, or cannot be told."""
        here: Names | None = names
        calls = len(text) - len(text.lstrip("^"))
        inner = text.lstrip("^!")
        for crossed in range(calls):
            assert here is not None
            if here.around is None:
                self.further.append((calls - crossed, inner))
                return None
            here = here.around
        assert here is not None
        if text.lstrip("^").startswith("!"):
            self.lost(inner, here)
            return None
        found = self.evaluate(inner, here, shape)
        fitting = None if found is None else _fitted(found, actual)
        if fitting is None:
            self.lost(inner, here)
        return fitting

    def lost(self, text: str, names: Names) -> None:
        """An expression gives a number that nothing else follows: what it names must stay as it is."""
        find = self.lookup(names, (1, 1, 1))  # a size of the current value is marked where it is made
        for word in words(text):
            self.mark(find(word))

    def mark(self, value: Any) -> None:
        """What a symbolic value is made of must stay as it is."""
        kind = type(value)
        if kind in SYMBOLIC:
            self.rigid |= value.term.names
        elif kind is tuple:
            for each in value:
                self.mark(each)

    # The walk --------------------------------------------------------------------------------------------------------

    def walk(self, scope: Scope, names: Names) -> None:
        self.members(scope.children, names)
        if scope.choices:
            self.decide(scope.choices, names)

    def members(self, children: Iterable[Node | Scope], names: Names) -> None:
        for child in children:
            if child.arms:
                self.decide(child.arms, names)
            if isinstance(child, Node):
                if child.id not in self.plan.dropped:
                    self.node(child, names)
                continue
            level = self.plan.level_of.get(id(child))
            if level is not None and level.kind == "class":
                self.called(level, names)
            elif child.kind == "block" and child.definition is not None:
                self.walk(child, self.inlined(child, names))
            elif child.kind == "repeat":
                self.repeat(child, names)
            elif child.kind == "residual" and len(child.children) > 1:
                self.residual(child, names)
            else:
                self.walk(child, names)

    def decide(self, choices: Iterable[Choice], names: Names) -> None:
        """Tests that were met."""
        for choice in choices:
            if choice in self.arms:
                continue
            found = None
            node = parsed(choice.test)
            if node is not None:
                try:
                    found = read(node, self.lookup(names, self.shape_of(choice.value)), self.env)
                    if found.evaluate(self.env) is not choice.taken:
                        found = None
                except (Unreadable, KeyError, ArithmeticError, TypeError, ValueError, IndexError):
                    found = None
            self.arms[choice] = found
            if found is None:
                self.lost(choice.test, names)
                continue
            self.rigid |= found.names
            if not found.constant and not found.opaque:
                self.decisions[found] = choice.taken

    def around(self, member: Node | Scope) -> Arms:
        """The tests of the arms in which something stands."""
        return tuple((self.arms.get(choice), choice.taken) for choice in member.arms)

    def inlined(self, scope: Scope, names: Names) -> Names:
        """The names of a block that is no class of its own: its parameters are what the call writes."""
        return Names(self.arguments(scope, names), names)

    def arguments(self, scope: Scope, names: Names) -> dict[str, Any]:
        """The arguments of a call, in the atoms of this class."""
        found: dict[str, Any] = {}
        shape = self.shape_of(scope.entry)
        for parameter, value in scope.arguments.items():
            written = self.term(scope.terms[parameter], value, names, shape) if parameter in scope.terms else None
            found[parameter] = value if written is None else written
        return found

    def repeat(self, scope: Scope, names: Names) -> None:
        count = scope.terms.get("count")
        if count is not None:
            self.mark(self.term(count, len(scope.children), names, self.shape_of(scope.entry)))
        index = scope.terms.get("index")
        for number, child in enumerate(scope.children):
            assert isinstance(child, Scope)
            self.walk(child, names if index is None else names.with_index(index, number))

    def residual(self, scope: Scope, names: Names) -> None:
        """A residual: its shortcut takes channels and stride from the body."""
        body, shortcut, *rest = scope.children
        if scope.arms and (test := self.arms.get(scope.arms[-1])) is not None:
            self.residuals.add(test if scope.arms[-1].taken else make("not", test))
        self.members((body,), names)
        if isinstance(shortcut, Scope) and shortcut.kind == "shortcut" and isinstance(body, Scope):
            self._shortcut(scope, body, shortcut)
        self.members((shortcut, *rest), names)

    def _shortcut(self, scope: Scope, body: Scope, shortcut: Scope) -> None:
        into, out = self.shape_of(scope.entry), self.shape_of(body.exit)
        strides = {as_term(each): each for each in self._strides(body)}
        stride = next(iter(strides.values())) if len(strides) == 1 else None
        fits = make("!=", as_term(into[0]), as_term(out[0]))
        changes = fits if stride is None else make("or", make("!=", as_term(stride), as_term(1)), fits)
        if not changes.constant:
            try:
                if changes.evaluate(self.env) is bool(shortcut.children):
                    self.decisions[changes] = bool(shortcut.children)
            except TypeError:
                pass
            self.rigid |= changes.names
        for node in shortcut.nodes():
            fields: dict[str, Any] = {}
            if node.op.name == "conv":
                fields["channels"] = out[0]
            elif node.op.name == "pad" and (isinstance(out[0], Sym) or isinstance(into[0], Sym)):
                fields["channels"] = (0, out[0] - into[0])
            if stride is not None and getattr(node.op, "stride", None) is not None:
                fields["stride"] = stride
            self._overrides[node.id] = fields

    def _strides(self, body: Scope) -> Iterable[Any]:
        """The symbolic strides of a body's layers."""
        return [self.strided[node.id] for node in body.nodes() if node.id in self.strided]

    def looped(self, repeat: Scope) -> None:
        """The layers of a repetition, each in the same names: what goes into it, and its index."""
        names = self.names
        if repeat.arms:
            self.decide(repeat.arms, names)
        count = self.term(repeat.terms["count"], len(repeat.children), names, self.shape_of(repeat.entry))
        self.mark(count)
        word = repeat.terms.get("index", "i")
        index = word if word not in self.env and word not in self.tracer.reserved else variable(word, self.env)
        entry = next(iter(self.source))
        first = self.env[entry]
        loop = self.loop = Loop(as_term(count if count is not None else len(repeat.children)), index, entry)
        loop.label = repeat.terms.get("label")
        exits: list[Any] = []
        for number, child in enumerate(repeat.children):
            assert isinstance(child, Scope)
            shape = self.plan.network.shapes[child.entry]
            assert shape is not None
            self.env[entry], self.env[index] = shape[0], number
            self.shapes[child.entry] = (symbolic(shape[0], name(entry)), *shape[1:])
            self.arms.clear()
            self.walk(child, names.with_index(word, symbolic(number, name(index))))
            loop.environments.append(dict(self.env))
            exits.append(self.shape_of(child.exit)[0])
        self.env[entry] = first
        del self.env[index]
        self.shapes[repeat.entry] = (symbolic(first, name(entry)), *self.shape_of(repeat.entry)[1:])
        terms = {as_term(each) for each in exits}
        loop.carry = terms.pop() if len(terms) == 1 else None
        shape = self.plan.network.shapes[repeat.exit]
        assert shape is not None
        self.shapes[repeat.exit] = (self.known(loop.after(), shape[0]) if loop.carry else shape[0], *shape[1:])
        self.decide(self.level.scope.choices, names)

    # Layers ----------------------------------------------------------------------------------------------------------

    def node(self, node: Node, names: Names) -> None:
        """One layer: its fields as they were written, and what it gives."""
        op = node.op
        inputs = tuple(map(self.shape_of, node.inputs))
        symbols = any(isinstance(shape[0], Sym) for shape in inputs)
        fields: dict[str, Any] = {}
        if node.terms:
            current = inputs[0] if inputs else ()
            for key, text in node.terms.items():
                if key in FOLLOWERS:
                    fields.update(self.setting(node, text, names, current))
                    continue
                key = _attribute(node, key)
                found = self.term(text, getattr(op, key), names, current)
                if found is not None:
                    fields[key] = found
        for key, value in self._overrides.get(node.id, {}).items():
            found = _fitted(value, getattr(op, key))
            if found is not None:
                fields[key] = found
        fields = {key: value for key, value in fields.items() if is_symbolic(value)}
        if symbols:
            self.passing(node, inputs)
        if not fields and not symbols:
            return
        if "stride" in fields:
            self.strided[node.id] = _one(fields["stride"])
        leaf = self.plan.leaves.get(node.id)
        constant = leaf is None or leaf.torch.module is None or not leaf.torch.module.args
        if constant and not fields and passes(node) and inputs[0] == node.shape:
            self.shapes[node.id] = inputs[0]  # nothing in its text depends on what goes in
            return
        traced: Torch | None = None
        shape: tuple[Any, ...] | None = None
        try:
            sized = {key: value for key, value in fields.items() if key not in WINDOW}
            shape = (op.model_copy(update=sized) if sized else op).shape(inputs)
            if leaf is not None and (leaf.torch.module is not None or leaf.torch.function is not None):
                traced = (op.model_copy(update=fields) if fields else op).torch(inputs)
        except (ArithmeticError, TypeError, ValueError):
            shape = None  # which only the numbers of the network have
        actual = node.shape
        assert actual is not None
        alike = traced is None or leaf is None or _same(traced, leaf.torch)
        if shape is None or shape != actual or not alike:
            shape, traced = actual, None
        channels = shape[0]
        if op.name == "flatten" and len(inputs[0]) == 3 and inputs[0][1:] != (1, 1):
            channels = plain(channels)  # of pixels and channels at once, which no reader can follow
            self.mark(inputs[0])
        self.shapes[node.id] = (self.local(channels) if len(inputs) > 1 else channels, *map(plain, shape[1:]))
        if traced is not None:
            self.torch[node.id] = traced
        self.flexible(node, fields, traced)

    def setting(self, node: Node, text: str, names: Names, shape: tuple[Any, ...]) -> dict[str, Any]:
        """The fields that `act=leakyrelu(slope)` gives to the activation."""
        found: dict[str, Any] = {}
        call = parsed(text.lstrip("^!"))
        if not isinstance(call, tree.Call):
            return found
        order = list(type(node.op).model_fields)
        if text[0] in "^!":
            self.term(text, object(), names, shape)
            return found
        for place, argument in enumerate(call.arguments):
            key = order[place] if argument.name is None else argument.name.text
            value = self._value(argument.value, names, shape)
            fitting = None if value is None or not hasattr(node.op, key) else _fitted(value, getattr(node.op, key))
            if fitting is not None:
                found[key] = fitting
            elif value is not None:
                self.mark(value)
        return found

    def passing(self, node: Node, inputs: tuple[tuple[Any, ...], ...]) -> None:
        """What goes into a layer must stay as it is, unless the layer is the same for any number of channels."""
        if not passes(node) or (node.op.name == "flatten" and inputs[0][1:] not in ((), (1, 1))):
            self.mark(inputs)

    def flexible(self, node: Node, fields: dict[str, Any], traced: Torch | None) -> None:
        """Only rates and the channels of a plain layer may have other values than the network has."""
        op = node.op
        constants: list[Any] = []
        if traced is not None and traced.module is not None and traced.expression is None:
            constants = [*traced.module.args, *traced.module.kwargs.values()]
        for key, value in fields.items():
            written = any(each is value for each in constants)
            rate = isinstance(value, SymF) and op.family in (Family.ACTIVATION, Family.REGULARIZATION)
            out = key == op.geometry.out and op.name in ("conv", "fc") and getattr(op, "groups", 1) == 1
            if not (written and (rate or (out and getattr(op, "connect", None) is None))):
                self.mark(value)

    # Calls of other classes ------------------------------------------------------------------------------------------

    def called(self, level: Level, names: Names) -> None:
        """Another class: its atoms in the names of this one, and what it gives."""
        inner = self.tracer.traces[id(level)]
        scope = level.scope
        shift = level.first - inner.level.first
        given = [self.shape_of(value)[0] for value in _given(level)]
        known = (inner, tuple(map(as_term, given))) if not scope.terms and scope.kind == "block" else None
        if known in self._calls:
            self._again(level, self._calls[known])
            return
        atoms: dict[str, Any] = {}
        rows = _row_nodes(scope) if scope.kind == "bracket" else []
        arguments = self.arguments(scope, names) if scope.kind == "block" else {}
        for atom, source in inner.source.items():
            value: Any = inner.env[atom]
            kind = source[0]
            found: Any = None
            if kind == "entry":
                found = given[source[1]]
            elif kind == "argument":
                found = arguments[source[1]]
            elif kind == "default":
                term = source[1].substitute(atoms)
                found = self.known(term, value)
            elif kind == "row":
                text = rows[source[1]].terms.get(source[2])
                if text is not None:
                    found = self.term(text, value, names, ())
            else:
                found = self.lookup(names, ())(source[1])
            atoms[atom] = found if found is not None and plain(found) == value else value
        for atom in inner.rigid:
            self.mark(atoms.get(atom))
        for calls, text in inner.further:
            calls -= scope.kind == "block"
            if calls:
                self.further.append((calls, text))
            else:
                self.lost(text, names)
        for value in level.outputs:
            shape = inner.shapes.get(value - shift)
            if shape is None:
                continue
            channels = shape[0]
            if isinstance(channels, Sym):
                channels = self.local(self.known(channels.term.substitute(atoms), plain(channels)))
            self.shapes[value] = (channels, *shape[1:])
        self.made[id(level)] = atoms
        self.constructs[id(level)] = self._construct(level)
        for number, stride in inner.strided.items():
            lifted = self.lift(level, stride)
            if is_symbolic(lifted):
                self.strided[number + shift] = lifted
        if known is not None and not inner.further and all(source[0] != "outer" for source in inner.source.values()):
            self._calls[known] = level

    def _again(self, level: Level, first: Level) -> None:
        """The same call as one before."""
        self.made[id(level)] = self.made[id(first)]
        self.constructs[id(level)] = self.constructs[id(first)]
        moved = level.first - first.first
        for value in first.outputs:
            if value in self.shapes:
                self.shapes[value + moved] = self.shapes[value]
        for number, stride in [*self.strided.items()]:
            if first.first <= number <= first.last:
                self.strided[number + moved] = stride

    def known(self, term: Term, value: Any) -> Any:
        """A term with its value here; the number alone where that is another."""
        try:
            if term.evaluate(self.env) == value:
                return symbolic(value, term)
        except (KeyError, ArithmeticError, TypeError):
            pass
        self.rigid |= term.names & self.env.keys()
        return value

    def _construct(self, level: Level) -> Construct:
        """The call that constructs another class here."""
        made, given = self.tracer.classes[id(level)]
        arguments = tuple(
            Argument(None if each.default is UNSET else each.name, self.lift(level, value), each.name)
            for each, value in given
        )
        return Construct(made, arguments)

    def lift(self, level: Level, value: Any) -> Any:
        """A value of a class inside, in the names of this one."""
        if not is_symbolic(value):
            return value
        return self.known(as_term(value).substitute(self.made[id(level)]), plain(value))


class Tracer:
    """Traces the classes of one network, those inside others first. `fixed` are params of the net that are numbers."""

    def __init__(self, plan: Plan, fixed: set[str], reserved: Iterable[str]):
        self.plan = plan
        self.network = network = plan.network
        self.fixed = fixed
        self.reserved = frozenset(reserved)
        self.params: dict[str, Any] = dict(network.settings)
        self.derived = {key: text for key, text in network.body.terms.items() if key in self.params}
        self.traces: dict[int, Trace] = {}
        self.keys: dict[int, Any] = {}
        self.interned: dict[Any, int] = {}
        self._numbers: dict[int, int] = {}
        self.classes: dict[int, tuple[Callee, list[tuple[Parameter, Any]]]] = {}
        self.context: dict[int, Context] = {}
        self.brackets: dict[tuple[str, ...], tuple[list[int | None], int | None]] = {}
        self._fixed: dict[str, bool] = {}
        self._place(network.body, Context(None))
        self._brackets()

    def key(self, level: Level) -> Any:
        """Equal for levels that hold and do the same in the same words; None where that cannot be told.

        Values are numbered from the first that is made in the level, and those it takes by their place among its
        inputs.
        """
        plan, first = self.plan, level.first
        places = {value: -1 - place for place, value in enumerate(_given(level))}

        def number(value: int) -> int:
            return places.get(value, value - first)

        def part(each: Node | Scope) -> Any:
            arms = tuple((choice.test, choice.taken, number(choice.value)) for choice in each.arms)
            terms = tuple(each.terms.items())
            if isinstance(each, Node):
                if each.id in plan.dropped:
                    raise TypeError
                inputs = tuple(map(number, each.inputs))
                return self._operator(each.op), each.name, each.label, each.implicit, inputs, terms, arms
            inner = plan.level_of.get(id(each))
            if inner is not None and inner.kind == "class" and inner is not level:
                inside = self.keys[id(inner)]
                if inside is None:
                    raise TypeError
                taken = tuple(map(number, _given(inner)))
                outputs = tuple(map(number, inner.outputs))
                return inside, each.name, each.label, terms, arms, number(inner.first), taken, outputs
            choices = tuple((choice.test, choice.taken, number(choice.value)) for choice in each.choices)
            called = (each.name, each.label, arms) if each is not level.scope else ()
            words = each.kind, each.title, called, each.definition, tuple(each.arguments.items())
            children = tuple(map(part, each.children))
            return words, terms, choices, number(each.entry), number(each.exit), children

        context = self.context[id(level.scope)]
        outside: Any = ()
        if level.scope.kind != "block":
            arguments = tuple(context.block.arguments.items()) if context.block is not None else ()
            outside = arguments, tuple(context.indices.items())
        given = tuple(
            (plan.network.shapes[value], plan.labels.get(value) if place else None)
            for place, value in enumerate(_given(level))
        )
        try:
            found = (
                part(level.scope),
                level.kind,
                level.chained,
                tuple(map(number, level.outputs)),
                given,
                len(level.inputs),
                outside,
                any(value in plan.network.aux_nodes for value in level.outputs),
            )
            return self.interned.setdefault(found, len(self.interned))
        except TypeError:  # something in it that cannot be a key
            return None

    def _operator(self, op: Operator) -> int:
        """The same number for operators that are equal."""
        if id(op) not in self._numbers:
            self._numbers[id(op)] = self.interned.setdefault((type(op), op), len(self.interned))
        return self._numbers[id(op)]

    def trace(self, level: Level, loops: bool = True) -> Trace:
        found = self.traces[id(level)] = Trace(self, level, loops)
        return found

    def definition(self, scope: Scope) -> Definition | None:
        return self.network.definitions.get(scope.definition or "")

    def is_fixed(self, word: str) -> bool:
        """Whether a param is a number in the source; one that is computed of such a param is."""
        if word not in self._fixed:
            self._fixed[word] = word in self.fixed
            if word in self.derived:
                self._fixed[word] = any(
                    self.is_fixed(each) for each in words(self.derived[word]) if each in self.params
                )
        return self._fixed[word]

    def _place(self, scope: Scope, context: Context) -> None:
        self.context[id(scope)] = context
        index = scope.terms.get("index") if scope.kind == "repeat" else None
        for number, child in enumerate(scope.children):
            if isinstance(child, Scope):
                inner = context
                if child.kind == "block" and child.definition is not None:
                    inner = Context(child)
                elif index is not None:
                    inner = Context(context.block, {**context.indices, index: number})
                self._place(child, inner)
                if child.kind == "block":
                    self.context[id(child)] = context

    def _brackets(self) -> None:
        """What the building blocks of the same kernels have in common: the multiples of their first row's channels,
        and the row that has the stride."""
        found: dict[tuple[str, ...], list[list[Node]]] = {}
        for scope in self.network.body.scopes():
            if scope.kind == "bracket" and id(scope) in self.plan.level_of:
                found.setdefault(kernels(scope), []).append(_row_nodes(scope))
        for sizes, blocks in found.items():
            quotients: list[int | None] = []
            strided: set[int] = set()
            for place in range(len(sizes)):
                ratios = {
                    rows[place].op.channels / rows[0].op.channels  # type: ignore[attr-defined]
                    for rows in blocks
                }
                ratio = ratios.pop()
                quotients.append(int(ratio) if not ratios and ratio == int(ratio) else None)
                if any(rows[place].op.stride != (1, 1) for rows in blocks):  # type: ignore[attr-defined]
                    strided.add(place)
            self.brackets[sizes] = (quotients, strided.pop() if len(strided) == 1 else None)


def _given(level: Level) -> list[int]:
    """The values that a class takes or whose channels it may name, its main input first."""
    entry = level.scope.entry
    if entry not in level.inputs and len(level.inputs) == 1:
        return [*level.inputs, entry]
    return [entry, *(value for value in level.inputs if value != entry)]


def _whole(level: Level) -> Scope | None:
    """The repetition that is all of a class, of one module each, as often as a parameter says."""
    if not level.chained or level.scope.kind != "block" or len(level.scope.children) != 1:
        return None
    repeat = level.scope.children[0]
    if not isinstance(repeat, Scope) or repeat.kind != "repeat" or "count" not in repeat.terms:
        return None
    return repeat if len(level.members) == len(repeat.children) > 0 else None


_NOWHERE = Span("", 0, 0)


def kernels(scope: Scope) -> tuple[str, ...]:
    """The kernels of a building block in brackets: `("1x1", "3x3", "1x1")`."""
    return tuple(row.strip().partition(",")[0] for row in scope.title.split(";"))


def _row_nodes(scope: Scope) -> list[Node]:
    """The convolutions of a building block's rows."""
    residual = scope.children[0]
    assert isinstance(residual, Scope) and isinstance(residual.children[0], Scope)
    return [node for node in residual.children[0].nodes() if not node.implicit]


def _attribute(node: Node, key: str) -> str:
    """The field that a spec calls `key`."""
    fields = type(node.op).model_fields
    if key in fields:
        return key
    return next(field for field, info in fields.items() if info.alias == key)


def is_symbolic(value: Any) -> bool:
    """Whether a value has a term, or parts that have."""
    kind = type(value)
    return kind in SYMBOLIC or (kind is tuple and any(map(is_symbolic, value)))


def _one(value: Any) -> Any:
    """A stride as one number where both are the same."""
    return value[0] if type(value) is tuple and value and all(each is value[0] for each in value) else value


def _fitted(found: Any, actual: Any) -> Any:
    """A symbolic value in the form of the field that holds `actual`; None where it is another value."""
    value = plain(found)
    if isinstance(actual, float) and isinstance(value, int) and not isinstance(value, bool) and value == actual:
        return symbolic(actual, as_term(found)) if is_symbolic(found) else actual
    if value == actual and type(value) is type(actual):
        return found
    if isinstance(actual, tuple) and actual and isinstance(value, int) and all(each == value for each in actual):
        return (found,) * len(actual)
    both = isinstance(value, tuple) and len(value) == 2
    if both and actual == (value[0], value[0], value[1], value[1]):
        return (found[0], found[0], found[1], found[1])
    return None


def _same(traced: Torch, known: Torch) -> bool:
    """Whether a symbolic description is that of the network, number for number."""
    if traced._replace(module=None, function=None) != known._replace(module=None, function=None):
        return False
    for one, two in ((traced.module, known.module), (traced.function, known.function)):
        if one is None or two is None:
            if one is not two:
                return False
        elif (one.function, one.args, dict(one.kwargs)) != (two.function, two.args, dict(two.kwargs)):
            return False
    return True
