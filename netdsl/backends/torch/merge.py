"""Instances of one block to one class.

Every instance is a list of attributes with symbolic numbers, and the text of its `forward`. What is the same thing in
several instances is laid side by side; for each constant the term that gives its value in every instance is written,
what only some have stands under the test that the spec has for it, and texts that differ fork on such a test. What has
no such term becomes an argument of its own. The class is then evaluated against every instance (`Class.made`): whoever
it does not give exactly is no instance of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from netdsl.backends.torch.classes import (
    Attribute,
    Class,
    Fork,
    Lines,
    Repetition,
    arguments_of,
    changed,
    terms_of,
)
from netdsl.backends.torch.columns import Column, Columns, InstanceRow, Split
from netdsl.backends.torch.construct import PLAIN, SIDES, UNSET, Chain, Construct, ModuleDict, Parameter, valued
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.parameters import USUAL, kinds_of
from netdsl.backends.torch.reading import Unreadable, parsed, read
from netdsl.backends.torch.symbols import as_term, is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import MOST_LOCAL, Term, make, name
from netdsl.backends.torch.trace import Arms, Trace

COMPARED = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(eq=False)
class Form:
    """What one instance holds and does. An attribute is its name, its construction, and the arms it stands in."""

    attributes: list[tuple[str, Any, Arms]]
    inputs: tuple[str, ...] = ()
    gives: str = "Tensor"
    forward: tuple[str, ...] = ()
    init: tuple[str, ...] = ()

    def made(self, names: Mapping[str, Any]) -> tuple[Any, ...]:
        """The same as `Class.made` says it; with other numbers where the names in its terms have other values."""
        return tuple((key, valued(item, names)) for key, item, _ in self.attributes), self.forward, self.init


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


class Merge(Columns):
    """One class of some instances. Raises `Split` where they are not one.

    `defaults` are those that the spec gives the block's parameters.
    """

    def __init__(
        self, called: str, instances: Sequence[Instance], reserved: Collection[str], defaults: Mapping[str, Any]
    ):
        super().__init__(
            [InstanceRow(number, each.trace.env, each.trace) for number, each in enumerate(instances)], reserved
        )
        self.instances = instances
        self.defaults = defaults
        self.flags: dict[str, Term] = {}
        projecting = [each.projects for each in instances]
        self.optional = any(projecting) and not all(projecting) and all(each.optional for each in instances)
        self.forms = [each.optional if self.optional and each.optional else each.form for each in instances]
        first = self.forms[0]
        if any((form.inputs, form.gives) != (first.inputs, first.gives) for form in self.forms):
            raise Split
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
            return self.made.made(names) == self.forms[number].made({})
        except (KeyError, ArithmeticError, TypeError):
            return False

    # Attributes ------------------------------------------------------------------------------------------------------

    def _attributes(self) -> None:
        lists = {row: form.attributes for row, form in enumerate(self.forms)}
        listed = [attributes[:1] and attributes[0][0] == "" for attributes in lists.values()]
        if any(listed):  # an `nn.Sequential` or `nn.ModuleList`, whose only attribute are its layers
            if not all(listed):
                raise Split
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
        for test in (*self._tests(), *self._further()):
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
        if len(column) > 1 and len({_kind(item) for item in column.values()}) > 1:
            raise Split
        if isinstance(first, Chain):
            return self._chain(column, top)
        assert isinstance(first, Construct)
        function = first.function
        if is_symbolic(function):
            function = self._value("act", {row: item.function for row, item in column.items()})
        elif len(column) == 1 and all(type(argument.value) in PLAIN for argument in first.arguments):
            return first
        arguments, module = [], type(function) is str and function.startswith("nn.")
        for place, argument in enumerate(first.arguments):
            values = {row: item.arguments[place].value for row, item in column.items()}
            sided = module and argument.role in SIDES
            arguments.append(argument._replace(value=self._value(argument.role, values, sided)))
        return Construct(function, tuple(arguments), first.frozen, first.parameter)

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
        if conditional and (not top or kind is ModuleDict):
            raise Split
        items = tuple(
            (key if not numbered else "" if conditional else str(place), item)
            for place, (key, item, _) in enumerate(found)
        )
        made: Chain = kind(items, when if conditional else ())
        return made

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
        rows: list[InstanceRow] = []
        column: Column = {}
        keys: list[tuple[int, str]] = []
        for number, (instance, loop) in enumerate(zip(self.instances, loops, strict=True)):
            assert loop is not None
            chain = self.forms[number].attributes[0][1]
            for names, (key, item) in zip(loop.environments, chain.items, strict=True):
                keys.append((len(rows), key))
                column[len(rows)] = item
                rows.append(InstanceRow(number, names, instance.trace))
        numbered = all(key == str(rows[row].names[first.index]) for row, key in keys)
        key = None if numbered else _label(first.label, first.index)
        if not numbered and key is None:
            raise Split
        carry = next((each.carry for each in loops if each is not None and each.carry is not None), None)
        count = next((each for each in counts if all(self._counts(each, number) for number in range(len(loops)))), None)
        if count is None:
            raise Split
        whole, self.rows, self.index = self.rows, rows, first.index
        item = self._merged(column)
        entry = first.entry
        needs = {each for term in terms_of(item) for each in term.names}
        if entry not in needs:
            carry = None
        elif first.growth is not None and all(each is not None and each.growth == first.growth for each in loops):
            step = make("+", name(entry), make("*", name(first.index), first.growth))
            item, carry = changed(item, lambda term: term.substitute({entry: step})), None
        elif carry == name(entry):
            carry = None
        self.made.loop = Repetition(item, first.index, count, entry, carry, key)
        self.rows, self.index = whole, None

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
        shortcuts = self._shortcuts()
        for test in sorted(self._tests(), key=lambda each: (each not in self.conditions, each not in shortcuts)):
            sides = self._sides(test, texts)
            if sides is None or not all(sides):
                continue
            yes, no = ({row: texts[row] for row in side} for side in sides)
            if len(set(yes.values())) + len(set(no.values())) > len(distinct):
                continue
            fork = Fork(self._flag(test), self._forked(yes), self._forked(no))
            return _common(fork)
        raise Split

    def _shortcuts(self) -> set[Term]:
        """The tests on which there is a shortcut."""
        return {each for row in self.rows for each in row.trace.residuals}

    def _flag(self, test: Term) -> Term:
        """A test as a `forward` asks it, of an attribute: what the constructor is told, or a flag with its outcome."""
        for flag, known in self.flags.items():
            if known == test:
                return name(flag)
        word = self.conditions.get(test, "")
        taken = {key for form in self.forms for key, _, _ in form.attributes} | {"training"}
        residuals = self._shortcuts()
        told = test.args[0] if test.op in COMPARED and test.args[1].constant else None
        asked = not word and test not in residuals  # where attributes hang on it, TorchScript needs a flag
        if asked and told is not None and told.op == "name" and told.text not in taken:
            whole = all(type(row.names.get(told.text)) is int for row in self.rows)
            if whole and self.flags.setdefault(told.text, told) == told:
                self.made.kinds[told.text] = "int"
                return test
        if test in residuals:
            wanted = "use_shortcut"
        elif test.op == "name" and test.text not in taken:
            wanted = test.text
        elif test.op == "name":
            wanted = f"has_{test.text}"
        else:
            wanted = f"has_{word}" if word.isidentifier() else "variant"
        found, number = wanted, 2
        while found in taken or found in self.flags:
            found, number = f"{wanted}{number}", number + 1
        self.flags[found] = test
        return name(found)

    # Arguments -------------------------------------------------------------------------------------------------------

    def _arguments(self) -> None:
        """The parameters of the class: names in use, unless they are computed of others."""
        terms = list(self.made.terms())
        used: set[str] = set().union(*(term.names for term in terms))
        if self.made.loop is not None:
            used.discard(self.made.loop.index)
        order: list[str] = list(dict.fromkeys(atom for each in self.instances for atom in each.trace.source))
        first = self.instances[0]
        if first.level.scope.definition in first.trace.facts.handed:  # its likes may need what it does not
            sources = [item for each in self.instances for item in each.trace.source.items()]
            used |= {atom for atom, (kind, *_) in sources if kind in ("entry", "argument")}
        computed: dict[str, Term] = {}
        for atom in reversed(order):
            term = self._default(atom) if atom in used else None
            if term is not None:
                computed[atom] = term
                used |= term.names
        flagged = {term.text for term in self.flags.values() if term.op == "name"}
        for term in (*computed.values(), *(each for one in self.made.attributes for each in terms_of(one.item))):
            flagged -= term.names  # what is asked of a flag alone is written there
        short = {atom: term for atom, term in computed.items() if term.op == "name" or term.constant or atom in flagged}
        for atom in order:
            if atom in short:
                short[atom] = short[atom].substitute(short)
        if short:
            self._change(lambda term: term.substitute(short))
            terms = list(self.made.terms())
        self.made.locals = [
            (atom, computed[atom].substitute(short)) for atom in order if atom in computed and atom not in short
        ]
        self._rounded(terms)
        parameters: list[Parameter] = []
        for atom in order:
            if atom in used and atom not in computed:
                values = [each.trace.env[atom] for each in self.instances if atom in each.trace.env]
                parameters.append(Parameter(atom, kinds_of(values), self._usual(atom, values)))
        for fresh, column in self.fresh.items():
            if fresh in used or any(fresh in term.names for term in terms):
                values = [plain(value) for value in column.values()]
                default: Any = UNSET
                if isinstance(values[0], bool) or len(column) < len(self.instances):
                    default = max(dict.fromkeys(values), key=values.count)
                elif fresh.rstrip("0123456789") in USUAL:
                    common = max(dict.fromkeys(values), key=values.count)
                    known = USUAL[fresh.rstrip("0123456789")]
                    default = known if known in values else common
                parameters.append(Parameter(fresh, kinds_of(values), default))
        self.made.parameters = sorted(parameters, key=lambda each: each.default is not UNSET)

    def _rounded(self, terms: Iterable[Term]) -> None:
        """What is rounded or one of two, and written several times, is computed first."""
        index = {self.made.loop.index, self.made.loop.entry} if self.made.loop is not None else set()
        found = Counter(part for term in terms for part in term.parts() if part.rounding or part.op == "if")
        for term, times in found.items():
            if times > 1 and not term.names & index:
                items = [each.item for each in self.made.attributes]
                roles = [each.role for item in items for each in arguments_of(item) if each.value == term]
                local = name(self._unused(roles[0] if roles and roles[0] in SIDES else "channels"))
                self.made.locals.append((local.text, term))
                self._change(partial(Term.exchanged, old=term, new=local))

    def _change(self, change: Callable[[Term], Term]) -> None:
        """Write all terms of the class otherwise."""
        made = self.made
        made.attributes = [
            replace(each, item=changed(each.item, change), when=each.when and change(each.when))
            for each in made.attributes
        ]
        made.flags = {flag: change(term) for flag, term in made.flags.items()}
        if made.loop is not None:
            loop = made.loop
            made.loop = replace(
                loop,
                item=changed(loop.item, change),
                count=change(loop.count),
                carry=loop.carry and change(loop.carry),
            )

    def _default(self, atom: str) -> Term | None:
        """What a parameter is computed of, where no instance is given it and the text is short."""
        found: Term | None = None
        for each in self.instances:
            source = each.trace.source.get(atom, ("default", found))
            if source[0] != "default" or (found is not None and source[1] != found):
                return None
            found = source[1]
        return None if found is None or found.rounds or found.op == "if" or found.size > MOST_LOCAL else found

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

    def fits(self, number: int, trace: Trace) -> bool:
        """Whether the class makes a level that is one of the instances with other numbers."""
        names = {**trace.env, **{each.name: plain(value) for each, value in self.given(number, trace)}}
        try:
            return self.made.made(names) == self.forms[number].made(trace.env)
        except (KeyError, ArithmeticError, TypeError):
            return False

    def given(self, number: int, trace: Trace) -> list[tuple[Parameter, Any]]:
        """The values of the class's parameters in one instance, in its own names, or in one with other numbers."""
        found: list[tuple[Parameter, Any]] = []
        for parameter in self.made.parameters:
            if parameter.name in self.fresh:
                value = self.fresh[parameter.name].get(number, parameter.default)
                if is_symbolic(value):
                    value = symbolic(as_term(value).evaluate(trace.env), as_term(value))
            elif parameter.name in trace.env:
                value = symbolic(trace.env[parameter.name], name(parameter.name))
            else:
                value = parameter.default
            found.append((parameter, None if value is UNSET else value))
        return found


def _kind(item: Any) -> Any:
    """What a construction is, whatever its constants."""
    if isinstance(item, Chain):
        return type(item).__name__
    keywords = tuple(a.keyword for a in item.arguments)
    if is_symbolic(item.function):  # which an argument names
        return "", tuple(a.usual for a in item.arguments), item.frozen, item.parameter, keywords
    return item.function, item.frozen, item.parameter, keywords


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
    return (*before, Fork(fork.test, tuple(yes), tuple(no)))


def shape_of(item: Any) -> Any:
    """Equal for constructions that differ in constants only."""
    if isinstance(item, Chain):
        return type(item).__name__, tuple((key, shape_of(each)) for key, each in item.items), item.when
    kinds = tuple(type(plain(value)) for _, value in item.constants())
    return item.skeleton(), kinds
