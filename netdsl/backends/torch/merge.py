"""Instances of one block to one class.

Every instance is a list of attributes with symbolic numbers, and the text of its `forward`. What is the same thing in
several instances is laid side by side; for each constant the term that gives its value in every instance is written,
what only some have stands under the test that the spec has for it, and texts that differ fork on such a test. What has
no such term becomes an argument of its own. The class is then evaluated against every instance (`Class.made`): whoever
it does not give exactly is no instance of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netdsl.backends.torch.classes import Attribute, Class, Fork, Lines, Repetition, replaced, terms_of
from netdsl.backends.torch.construct import (
    UNSET,
    Argument,
    Chain,
    Construct,
    Items,
    ModuleDict,
    Parameter,
    alike,
    valued,
)
from netdsl.backends.torch.fitting import is_symbolic
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.names import variable
from netdsl.backends.torch.terms import (
    MOST_OPERATORS,
    Term,
    Unreadable,
    as_term,
    make,
    name,
    parsed,
    plain,
    read,
    symbolic,
)
from netdsl.backends.torch.trace import Arms, Trace
from netdsl.syntax import tree

USUAL = {"stride": 1, "dilation": 1, "groups": 1, "padding": 0, "output_padding": 0}
"""Arguments that have a default, where some instance has that value."""


class Split(Exception):
    """Instances that cannot be one class."""


@dataclass(eq=False)
class Form:
    """What one instance holds and does. An attribute is its name, its construction, and the arms it stands in."""

    attributes: list[tuple[str, Any, Arms]]
    inputs: tuple[str, ...] = ()
    gives: str = "Tensor"
    forward: tuple[str, ...] = ()
    init: tuple[str, ...] = ()

    @property
    def made(self) -> tuple[Any, ...]:
        """The same as `Class.made` says it."""
        return tuple((key, valued(item, {})) for key, item, _ in self.attributes), self.forward, self.init


@dataclass(eq=False)
class Instance:
    """One class-like level, traced. `optional` is its form where a class of it may lack the `downsample` it has, or may
    have the one it lacks; None where it has no place for one."""

    level: Level
    trace: Trace
    form: Form
    optional: Form | None = None

    @property
    def projects(self) -> bool:
        return any(key == "downsample" for key, _, _ in self.form.attributes)


@dataclass(eq=False)
class Row:
    """The values of the names in one instance, or in one turn of its loop."""

    instance: int
    names: Mapping[str, Any]
    trace: Trace


Column = dict[int, Any]
"""A value for some rows, by their numbers."""


class Merge:
    """One class of some instances. Raises `Split` where they are not one.

    `reserved` are names that no argument may have. `arguments` are, for each instance, the values of the class's
    parameters in its own names.
    """

    def __init__(
        self, called: str, instances: Sequence[Instance], reserved: Collection[str], defaults: Mapping[str, Any]
    ):
        self.instances = instances
        self.reserved = reserved
        self.defaults = defaults
        self.fresh: dict[str, Column] = {}
        self.flags: dict[str, Term] = {}
        self.conditions: dict[Term, str] = {}
        self.used: set[str] = {name for each in instances for name in each.trace.env}
        projecting = [each.projects for each in instances]
        self.optional = any(projecting) and not all(projecting) and all(each.optional for each in instances)
        self.forms = [each.optional if self.optional and each.optional else each.form for each in instances]
        first = self.forms[0]
        if any((form.inputs, form.gives) != (first.inputs, first.gives) for form in self.forms):
            raise Split
        self.rows = [Row(number, each.trace.env, each.trace) for number, each in enumerate(instances)]
        self.made = Class(called, inputs=first.inputs, gives=first.gives)
        looped = [each.trace.loop is not None for each in instances]
        if all(looped):
            self._loop()
        elif any(looped):
            raise Split
        else:
            self._attributes()
        self._statements()
        self._arguments()
        if not all(map(self._gives, range(len(instances)))):
            raise Split

    def _gives(self, number: int) -> bool:
        """Whether the class makes an instance, number for number and line for line."""
        names = dict(self.instances[number].trace.env)
        for fresh, column in self.fresh.items():
            default = next(each.default for each in self.made.parameters if each.name == fresh)
            names[fresh] = plain(column.get(number, default))
        try:
            return self.made.made(names) == self.forms[number].made
        except (KeyError, ArithmeticError, TypeError):
            return False

    # Attributes ------------------------------------------------------------------------------------------------------

    def _attributes(self) -> None:
        lists = {row: form.attributes for row, form in enumerate(self.forms)}
        if not self.made.inputs:  # an `nn.Sequential`, whose only attribute are its layers
            chain = self._merged({row: attributes[0][1] for row, attributes in lists.items()}, top=True)
            self.made.attributes.append(Attribute("", chain))
            return
        for key, item, when in self._items(lists, named=True, top=True):
            self.made.attributes.append(Attribute(key, item, when, self.optional and key == "downsample"))

    def _items(
        self, lists: Mapping[int, Sequence[tuple[str, Any, Arms]]], named: bool, top: bool = False
    ) -> list[tuple[str, Any, Term | None]]:
        """What the rows have side by side, in order: key, construction, and the condition under which it is there."""
        order: list[Any] = []
        columns: dict[Any, Column] = {}
        arms: dict[Any, dict[int, Arms]] = {}
        for row, entries in lists.items():
            counted: Counter[Any] = Counter()
            at = 0
            for key, item, around in entries:
                what = key if named else (_kind(item), tuple((test, held) for test, held in around))
                identity = (what, counted[what])
                counted[what] += 1
                if identity not in columns:
                    order.insert(at, identity)
                    columns[identity], arms[identity] = {}, {}
                    at += 1
                else:
                    place = order.index(identity)
                    if place < at:
                        raise Split
                    at = place + 1
                columns[identity][row] = item
                arms[identity][row] = around
        found: list[tuple[str, Any, Term | None]] = []
        for identity in order:
            column = columns[identity]
            key = identity[0] if named else ""
            when = None
            if len(column) < len(lists):
                when = self._condition(set(column), set(lists), arms[identity].values(), key or _word(column))
            try:
                found.append((key, self._merged(column, top), when))
            except Split:
                found += self._alternatives(key, column, when, top)
        return found

    def _alternatives(
        self, key: str, column: Column, when: Term | None, top: bool
    ) -> list[tuple[str, Any, Term | None]]:
        """Two constructions of one attribute, one for each outcome of a test."""
        for test in self._tests():
            sides = self._sides(test, column)
            if sides is None or not all(sides):
                continue
            try:
                yes, no = (self._merged({row: column[row] for row in side}, top) for side in sides)
            except Split:
                continue
            self.conditions.setdefault(test, key)
            both = [(yes, test), (no, make("not", test))]
            return [(key, item, side if when is None else make("and", when, side)) for item, side in both]
        raise Split

    def _merged(self, column: Column, top: bool = False) -> Any:
        """One construction for several."""
        first = next(iter(column.values()))
        kinds = {_kind(item) for item in column.values()}
        if len(kinds) > 1:
            raise Split
        if isinstance(first, Chain):
            return self._chain(column, top)
        assert isinstance(first, Construct)
        arguments = []
        for place, argument in enumerate(first.arguments):
            values = {row: item.arguments[place].value for row, item in column.items()}
            arguments.append(Argument(argument.keyword, self._value(argument.role, values), argument.role))
        return Construct(first.function, tuple(arguments), first.frozen, first.parameter)

    def _chain(self, column: Column, top: bool) -> Chain:
        """One sequence for several. Some of its layers may be under conditions where a list of it can be made: in one
        that is an attribute (`top`), or a class."""
        numbered = all(
            key == str(place) for chain in column.values() for place, (key, _) in enumerate(chain.items)
        ) and not any(isinstance(chain, ModuleDict) for chain in column.values())
        lists = {
            row: [
                (key, item, when)
                for (key, item), when in zip(chain.items, chain.when or ((),) * len(chain.items), strict=True)
            ]
            for row, chain in column.items()
        }
        found = self._items(lists, named=not numbered)
        kind = type(next(iter(column.values())))
        when = tuple(each for _, _, each in found)
        conditional = any(each is not None for each in when)
        if conditional and (not top or (not numbered and self.made.inputs) or kind is ModuleDict):
            raise Split
        items = tuple(
            (key if not numbered else "" if conditional else str(place), item)
            for place, (key, item, _) in enumerate(found)
        )
        made: Chain = kind(items, when if conditional else ())
        return made

    # Values ----------------------------------------------------------------------------------------------------------

    def _value(self, role: str, column: Column) -> Any:
        """The constant or the term that stands for a column of values."""
        first = next(iter(column.values()))
        if isinstance(first, Items):
            lengths = {len(value.values) for value in column.values()}
            if len(lengths) > 1:
                raise Split
            return Items(
                tuple(
                    self._value("channels", {row: value.values[place] for row, value in column.items()})
                    for place in range(len(first.values))
                )
            )
        chosen = self._chosen(role, column)
        for row, value in column.items():
            if is_symbolic(value) and as_term(value) != chosen:
                self.rows[row].trace.rigid |= as_term(value).names
        return chosen

    def _chosen(self, role: str, column: Column) -> Any:
        plains = {row: plain(value) for row, value in column.items()}
        first = next(iter(plains.values()))
        same = all(alike(value, first) for value in plains.values())
        terms = list(dict.fromkeys(as_term(value) for value in column.values() if is_symbolic(value)))
        terms = [term for term in terms if not term.opaque and term.size <= MOST_OPERATORS]
        for term in terms:
            if self._holds(term, plains):
                return term
        if same:
            return first
        candidates: list[Any] = [
            *terms,
            *dict.fromkeys(value for value in plains.values() if not isinstance(value, tuple)),
        ]
        return (
            self._turning(candidates, plains)
            or self._named(role, plains)
            or self._either(terms, plains, column)
            or self._argument(role, column, plains)
        )

    def _holds(self, term: Any, column: Column) -> bool:
        """Whether a term or a constant has the value of every row."""
        if not isinstance(term, Term):
            return all(alike(term, value) for value in column.values())
        try:
            return all(alike(term.evaluate(self.rows[row].names), value) for row, value in column.items())
        except (KeyError, ArithmeticError, TypeError):
            return False

    def _turning(self, candidates: Iterable[Any], column: Column) -> Term | None:
        """What the first turn of a loop has, or else another: `stride if i == 0 else 1`."""
        loop = self.made.loop
        if loop is None:
            return None
        start = {row: value for row, value in column.items() if self.rows[row].names[loop.index] == 0}
        rest = {row: value for row, value in column.items() if row not in start}
        if not start or not rest:
            return None
        for one in candidates:
            if not self._holds(one, start):
                continue
            for other in candidates:
                if self._holds(other, rest):
                    return make("if", make("==", name(loop.index), as_term(0)), as_term(one), as_term(other))
        return None

    def _named(self, role: str, column: Column) -> Term | None:
        """A name that has the value of every row: of an argument that is no number, or found for another constant."""
        del role
        for fresh, known in self.fresh.items():
            owners = {row: self.rows[row].instance for row in column}
            if all(owner in known and alike(plain(known[owner]), column[row]) for row, owner in owners.items()):
                return name(fresh)
        if isinstance(next(iter(column.values())), bool):
            for atom in self.rows[0].names:
                if self._holds(name(atom), column):
                    return name(atom)
        return None

    def _either(self, terms: Sequence[Term], plains: Column, column: Column) -> Term | None:
        """One of two, by a test of the spec: `a if COND else b`."""
        if self.made.loop is not None:
            return None
        for test in self._tests():
            sides = self._sides(test, column)
            if sides is None or not all(sides):
                continue
            found = []
            for side in sides:
                values = {row: plains[row] for row in side}
                constants = list(dict.fromkeys(values.values()))
                options: list[Any] = [*terms, *(constants if len(constants) == 1 else ())]
                found.append(next((each for each in options if self._holds(each, values)), UNSET))
            if UNSET not in found:
                return make("if", test, as_term(found[0]), as_term(found[1]))
        return None

    def _argument(self, role: str, column: Column, plains: Column) -> Term:
        """An argument of its own."""
        values: Column = {}
        for row, value in column.items():
            owner = self.rows[row].instance
            if owner in values and not alike(plain(values[owner]), plains[row]):
                raise Split
            values[owner] = value
        found = self._unused(role or "value")
        self.fresh[found] = values
        return name(found)

    def _unused(self, wanted: str) -> str:
        base = variable(wanted if wanted.isidentifier() else f"with_{wanted}" if wanted else "value", self.reserved)
        found, number = base, 2
        while found in self.used or found in self.reserved:
            found, number = f"{base}{number}", number + 1
        self.used.add(found)
        return found

    # Conditions ------------------------------------------------------------------------------------------------------

    def _tests(self) -> list[Term]:
        """The tests that some instance met, and those that are in use."""
        found = dict.fromkeys(self.conditions)
        for row in self.rows:
            found.update(dict.fromkeys(row.trace.decisions))
        return list(found)

    def _sides(self, test: Term, rows: Iterable[int]) -> tuple[list[int], list[int]] | None:
        """The rows where a test holds, and the others; None where it has no answer."""
        yes: list[int] = []
        no: list[int] = []
        for row in rows:
            try:
                (yes if test.evaluate(self._names(row)) else no).append(row)
            except (KeyError, ArithmeticError, TypeError):
                return None
        return yes, no

    def _names(self, row: int) -> Mapping[str, Any]:
        owner = self.rows[row].instance
        fresh = {key: column[owner] for key, column in self.fresh.items() if owner in column}
        return {**self.rows[row].names, **fresh} if fresh else self.rows[row].names

    def _condition(self, present: set[int], rows: set[int], arms: Iterable[Arms], word: str) -> Term:
        """The test that holds where something is there: of the arms it stands in, if they say it."""
        options: dict[Term, None] = {}
        for around in arms:
            tests = [test if held else make("not", test) for test, held in around if test is not None]
            options.update(dict.fromkeys(test for test in tests if not test.constant))
            if len(tests) > 1 and len(tests) == len(around):
                whole = tests[0]
                for test in tests[1:]:
                    whole = make("and", whole, test)
                options[whole] = None
        for test in self._tests():
            options.update(dict.fromkeys((test, make("not", test))))
        for option in options:
            sides = None if option.opaque else self._sides(option, rows)
            if sides is not None and set(sides[0]) == present:
                self.conditions.setdefault(option, word)
                return option
        if self.made.loop is not None:
            raise Split
        owners = {self.rows[row].instance: row in present for row in rows}
        for fresh, column in self.fresh.items():
            if column.keys() >= owners.keys() and all(column[owner] is held for owner, held in owners.items()):
                return name(fresh)
        found = self._unused(word)
        self.fresh[found] = dict(owners)
        term = name(found)
        self.conditions[term] = word
        return term

    # Loops -----------------------------------------------------------------------------------------------------------

    def _loop(self) -> None:
        """One loop for the repetitions of all instances."""
        loops = [each.trace.loop for each in self.instances]
        first = loops[0]
        assert first is not None
        if any(
            each is None or (each.index, each.entry, each.label) != (first.index, first.entry, first.label)
            for each in loops
        ):
            raise Split
        counts = [each.count for each in loops if each is not None]
        rows: list[Row] = []
        column: Column = {}
        keys: list[tuple[int, str]] = []
        for number, (instance, loop) in enumerate(zip(self.instances, loops, strict=True)):
            assert loop is not None
            chain = self.forms[number].attributes[0][1]
            for names, (key, item) in zip(loop.environments, chain.items, strict=True):
                keys.append((len(rows), key))
                column[len(rows)] = item
                rows.append(Row(number, names, instance.trace))
        numbered = all(key == str(rows[row].names[first.index]) for row, key in keys)
        key = None if numbered else _label(first.label, first.index)
        if not numbered and key is None:
            raise Split
        carry = next((each.carry for each in loops if each is not None and each.carry is not None), None)
        count = next((each for each in counts if all(self._counts(each, number) for number in range(len(loops)))), None)
        if count is None:
            raise Split
        self.rows = rows
        self.made.loop = Repetition(None, first.index, count, first.entry, None, key)
        item = self._merged(column)
        entry = first.entry
        needs = {each for term in terms_of(item) for each in term.names}
        if entry not in needs:
            carry = None
        elif first.growth is not None and all(each is not None and each.growth == first.growth for each in loops):
            step = make("+", name(entry), make("*", name(first.index), first.growth))
            item, carry = replaced(item, {entry: step}), None
        elif carry == name(entry):
            carry = None
        self.made.loop = Repetition(item, first.index, count, entry, carry, key)
        self.rows = [Row(number, each.trace.env, each.trace) for number, each in enumerate(self.instances)]

    def _counts(self, count: Term, number: int) -> bool:
        loop = self.instances[number].trace.loop
        assert loop is not None
        try:
            return bool(count.evaluate(self.instances[number].trace.env) == len(loop.environments))
        except (KeyError, ArithmeticError, TypeError):
            return False

    # Statements ------------------------------------------------------------------------------------------------------

    def _statements(self) -> None:
        forwards = {row: form.forward for row, form in enumerate(self.forms)}
        draws = {row: form.init for row, form in enumerate(self.forms)}
        self.made.forward = self._forked(forwards)
        self.made.init = self._forked(draws)
        self.made.flags = self.flags

    def _forked(self, texts: Mapping[int, tuple[str, ...]]) -> Lines:
        """The statements of all rows, which fork where they differ."""
        distinct = set(texts.values())
        if len(distinct) == 1:
            return next(iter(texts.values()))
        for test in self._tests():
            sides = None if test.opaque else self._sides(test, texts)
            if sides is None or not all(sides):
                continue
            yes, no = ({row: texts[row] for row in side} for side in sides)
            if len(set(yes.values())) + len(set(no.values())) > len(distinct):
                continue
            fork = Fork(self._flag(test), self._forked(yes), self._forked(no))
            return _common(fork)
        raise Split

    def _flag(self, test: Term) -> str:
        """The attribute that a test is kept in."""
        for flag, known in self.flags.items():
            if known == test:
                return flag
        word = self.conditions.get(test, "")
        if any(test in row.trace.residuals for row in self.rows):
            wanted = "use_shortcut"
        elif test.op == "name":
            wanted = test.text
        else:
            wanted = f"has_{word}" if word.isidentifier() else "variant"
        taken = {key for form in self.forms for key, _, _ in form.attributes} | {"training", *self.flags}
        found, number = wanted, 2
        while found in taken:
            found, number = f"{wanted}{number}", number + 1
        self.flags[found] = test
        return found

    # Arguments -------------------------------------------------------------------------------------------------------

    def _arguments(self) -> None:
        """The parameters of the class: names in use, unless they are computed of others."""
        used = set().union(*(term.names for term in self.made.terms()), set())
        if self.made.loop is not None:
            used.discard(self.made.loop.index)
        order: list[str] = list(dict.fromkeys(atom for each in self.instances for atom in each.trace.source))
        computed: dict[str, Term] = {}
        for atom in reversed(order):
            term = self._default(atom) if atom in used else None
            if term is not None:
                computed[atom] = term
                used |= term.names
        short = {atom: term for atom, term in computed.items() if term.op == "name" or term.constant}
        for atom in order:
            if atom in short:
                short[atom] = short[atom].substitute(short)
        if short:
            self._replace(short)
        self.made.locals = [
            (atom, computed[atom].substitute(short)) for atom in order if atom in computed and atom not in short
        ]
        parameters: list[Parameter] = []
        for atom in order:
            if atom in used and atom not in computed:
                values = [each.trace.env[atom] for each in self.instances if atom in each.trace.env]
                parameters.append(Parameter(atom, _kinds(values), self._usual(atom, values)))
        for fresh, column in self.fresh.items():
            if fresh in used or any(fresh in term.names for term in self.made.terms()):
                values = [plain(value) for value in column.values()]
                default: Any = UNSET
                if isinstance(values[0], bool) or len(column) < len(self.instances):
                    default = max(dict.fromkeys(values), key=values.count)
                elif fresh.rstrip("0123456789") in USUAL:
                    common = max(dict.fromkeys(values), key=values.count)
                    known = USUAL[fresh.rstrip("0123456789")]
                    default = known if known in values else common
                parameters.append(Parameter(fresh, _kinds(values), default))
        self.made.parameters = sorted(parameters, key=lambda each: each.default is not UNSET)

    def _replace(self, names: Mapping[str, Term]) -> None:
        made = self.made
        made.attributes = [
            Attribute(each.name, replaced(each.item, names), each.when and each.when.substitute(names), each.optional)
            for each in made.attributes
        ]
        made.flags = {flag: term.substitute(names) for flag, term in made.flags.items()}
        if made.loop is not None:
            loop = made.loop
            carry = loop.carry and loop.carry.substitute(names)
            made.loop = Repetition(
                replaced(loop.item, names), loop.index, loop.count.substitute(names), loop.entry, carry, loop.key
            )

    def _default(self, atom: str) -> Term | None:
        """What a parameter is computed of, where no instance is given it and the text is short."""
        found: Term | None = None
        for each in self.instances:
            source = each.trace.source.get(atom, ("default", found))
            if source[0] != "default" or (found is not None and source[1] != found):
                return None
            found = source[1]
        return None if found is None or found.opaque or found.op == "if" or found.size > MOST_OPERATORS else found

    def _usual(self, atom: str, values: Sequence[Any]) -> Any:
        """The default of a parameter: the spec's."""
        default = self.defaults.get(atom, UNSET)
        if default is not UNSET and {type(default)} == {type(value) for value in values}:
            return default
        if default is not UNSET and any(isinstance(value, tuple) for value in values) and isinstance(default, int):
            return default
        if atom == "stride" and default is UNSET and 1 in values and all(type(value) is int for value in values):
            sources = {each.trace.source[atom][0] for each in self.instances if atom in each.trace.source}
            return 1 if sources == {"row"} else UNSET
        return UNSET

    def given(self, number: int) -> list[tuple[Parameter, Any]]:
        """The values of the class's parameters in one instance, in its own names."""
        trace = self.instances[number].trace
        found: list[tuple[Parameter, Any]] = []
        for parameter in self.made.parameters:
            if parameter.name in self.fresh:
                value = self.fresh[parameter.name].get(number, parameter.default)
            elif parameter.name in trace.env:
                value = symbolic(trace.env[parameter.name], name(parameter.name))
            else:
                value = parameter.default
            found.append((parameter, None if value is UNSET else value))
        return found


def defaults_of(parameters: Mapping[str, str | None]) -> dict[str, Any]:
    """The defaults of a block's parameters that are constants, under their names in Python."""
    found: dict[str, Any] = {}
    for parameter, text in parameters.items():
        node = parsed(text) if text is not None else None
        if isinstance(node, tree.Literal) and isinstance(node.value, int | float):
            found[variable(parameter)] = node.value
    return found


def _kind(item: Any) -> Any:
    """What a construction is, whatever its constants."""
    if isinstance(item, Chain):
        return type(item).__name__
    return item.function, item.frozen, item.parameter, tuple(a.keyword for a in item.arguments)


def _word(column: Column) -> str:
    """A name for what only some instances have."""
    item = next(iter(column.values()))
    function = str(item.function if isinstance(item, Construct) else "layers").rpartition(".")[2]
    for words, found in ((("ReLU", "SiLU", "GELU", "Sigmoid", "Tanh", "Swish"), "act"), (("Norm",), "norm")):
        if any(word in function for word in words):
            return found
    return "".join("_" + each.lower() if each.isupper() else each for each in function).strip("_").replace("__", "_")


def _label(label: str | None, index: str) -> tuple[str, Term, str] | None:
    """`denselayer{i + 1}` as what stands before, the term, and what stands behind."""
    if label is None:
        return None
    before, opening, rest = label.partition("{")
    inside, closing, after = rest.partition("}")
    node = parsed(inside)
    if not opening or not closing or node is None:
        return None

    def find(word: str) -> Any:
        if word != index:
            raise KeyError(word)
        return symbolic(0, name(index))

    try:
        return before, read(node, find, {index: 0}), after.rstrip(": ")
    except Unreadable:
        return None


def _common(fork: Fork) -> Lines:
    """A fork behind what both of its sides begin with."""
    before: list[str | Fork] = []
    yes, no = list(fork.yes), list(fork.no)
    while yes and no and yes[0] == no[0] and len(yes) > 1 and len(no) > 1:
        before.append(yes.pop(0))
        no.pop(0)
    return (*before, Fork(fork.flag, tuple(yes), tuple(no)))


def _kinds(values: Sequence[Any]) -> str:
    lengths = {len(value) for value in values if isinstance(value, tuple)}
    values = sorted(values, key=lambda value: value is None)
    kinds = dict.fromkeys(_type(value, len(lengths) == 1) for value in values)
    if "int" in kinds and "float" in kinds:
        del kinds["int"]
    return " | ".join(kinds)


def _type(value: Any, fixed: bool = True) -> str:
    """The type of a value; `fixed` where tuples have one length."""
    if isinstance(value, tuple):
        kinds = sorted({_type(item) for item in value})
        if fixed and len(kinds) == 1 and len(value) <= 4:
            return f"tuple[{', '.join(kinds * len(value))}]"
        return f"tuple[{' | '.join(kinds)}, ...]"
    return "None" if value is None else type(value).__name__


def shape_of(item: Any) -> Any:
    """Equal for constructions that differ in constants only."""
    if isinstance(item, Chain):
        return type(item).__name__, tuple((key, shape_of(each)) for key, each in item.items), item.when
    kinds = tuple(type(plain(value)) for _, value in item.constants())
    return item.skeleton(), kinds
