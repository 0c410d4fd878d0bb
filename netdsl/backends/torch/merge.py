"""Instances of one block to one class.

Every instance is a list of attributes with symbolic numbers, and the text of its `forward`. The attributes are laid
side by side (`attributes`): for each constant the term that gives its value in every instance is written, and what has
none becomes an argument of its own (`columns`). Texts that differ fork on a test (`forks`); what is left in the terms
are the class's parameters (`signature`). The class is then evaluated against every instance (`Class.made`): whoever it
does not give exactly is no instance of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netdsl.backends.torch.attributes import Attributes
from netdsl.backends.torch.classes import Attribute, Class, settled
from netdsl.backends.torch.columns import InstanceRow, Split
from netdsl.backends.torch.construct import UNSET, Parameter, valued
from netdsl.backends.torch.decisions import Arms
from netdsl.backends.torch.forks import Forks, shortcut_first
from netdsl.backends.torch.levels import Level
from netdsl.backends.torch.signature import Signature
from netdsl.backends.torch.symbols import as_term, is_symbolic, plain, symbolic
from netdsl.backends.torch.terms import name
from netdsl.backends.torch.trace import Trace


@dataclass(eq=False)
class Form:
    """What one instance holds and does. An attribute is its name, its construction, and the arms it stands in.

    `spelled` is the `forward` with a statement for each name that the spec gives a value; empty where it gives none.
    """

    attributes: list[tuple[str, Any, Arms]]
    inputs: tuple[str, ...] = ()
    gives: str = "Tensor"
    forward: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    spelled: tuple[str, ...] = ()

    def made(self, names: Mapping[str, Any]) -> tuple[Any, ...]:
        """The same as `Class.made` says it; with other numbers where the names in its terms have other values."""
        return tuple((key, valued(item, names)) for key, item, _ in self.attributes), settled(self.forward), self.init


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


class Merge:
    """One class of some instances. Raises `Split` where they are not one.

    `made` is the class; `fresh` are its arguments that the spec does not have, with their values by instance.
    `reserved` are names that no argument may have, `defaults` those that the spec gives the block's parameters.
    """

    def __init__(
        self, called: str, instances: Sequence[Instance], reserved: Collection[str], defaults: Mapping[str, Any]
    ):
        rows = [InstanceRow(number, each.trace.env, each.trace) for number, each in enumerate(instances)]
        columns = Attributes(rows, reserved)
        self.instances = instances
        self.fresh = columns.fresh
        projecting = [each.projects for each in instances]
        self.optional = any(projecting) and not all(projecting) and all(each.optional for each in instances)
        self.forms = [each.optional if self.optional and each.optional else each.form for each in instances]
        first = self.forms[0]
        if any((form.inputs, form.gives) != (first.inputs, first.gives) for form in self.forms):
            raise Split
        if len({form.forward for form in self.forms}) > 1 and all(form.spelled for form in self.forms):
            self.forms = [replace(form, forward=form.spelled) for form in self.forms]
        if len({form.forward for form in self.forms}) > 1 and first.inputs:
            forwards = shortcut_first([form.forward for form in self.forms])
            self.forms = [replace(form, forward=lines) for form, lines in zip(self.forms, forwards, strict=True)]
        self.made = made = Class(called, inputs=first.inputs, gives=first.gives)
        looped = [each.trace.loop is not None for each in instances]
        if all(looped):
            made.loop = columns.repetition([form.attributes[0][1] for form in self.forms])
        elif any(looped):
            raise Split
        else:
            made.attributes = self._attributes(columns)
        forks = Forks(columns, {key for form in self.forms for key, _, _ in form.attributes})
        made.forward = forks.forked({row: form.forward for row, form in enumerate(self.forms)})
        made.init = forks.forked({row: form.init for row, form in enumerate(self.forms)})
        made.flags, made.kinds = forks.flags, forks.kinds
        Signature(made, columns, defaults).find()
        if not all(map(self._gives, range(len(instances)))):
            raise Split

    def _attributes(self, columns: Attributes) -> list[Attribute]:
        """The attributes of the class; an `nn.Sequential` or an `nn.ModuleList` has one without a name, its layers."""
        lists = {row: form.attributes for row, form in enumerate(self.forms)}
        listed = [attributes[:1] and attributes[0][0] == "" for attributes in lists.values()]
        if all(listed):
            chains = {row: attributes[0][1] for row, attributes in lists.items()}
            return [Attribute("", columns.merged(chains, top=True))]
        if any(listed):
            raise Split
        return [
            Attribute(key, item, when, self.optional and key == "downsample")
            for key, item, when in columns.items(lists, named=True, top=True)
        ]

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
