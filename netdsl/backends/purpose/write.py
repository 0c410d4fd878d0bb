"""A plan to the source of a module: the tensors that its constructor makes of a plain `state_dict`, and one flat
`forward`, with the layers of the spec that each line does the work of."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator

from netdsl.backends.purpose import calls
from netdsl.backends.purpose.graph import Graph, Step, graph
from netdsl.backends.purpose.helpers import KEEP, PACKING, TYPES, used
from netdsl.backends.purpose.passes import TARGETS, name
from netdsl.backends.purpose.statements import BODY, Statements, inlines
from netdsl.backends.purpose.tensors import Own, Part, Tensors
from netdsl.backends.torch import text
from netdsl.backends.torch.layout import WIDTH, Bracket, Text, call, lay
from netdsl.backends.torch.names import LOOPS, RESERVED, Numbered, variable
from netdsl.backends.torch.network import Main
from netdsl.backends.torch.plan import Plan
from netdsl.ir import Network
from netdsl.ops.fc import Fc
from netdsl.shapes import text as shape_text

OWN = (
    "keep",
    "layout",
    "forward",
    "training",
    "eval",
    "train",
    "to",
    "half",
    "float",
    "double",
    "cpu",
    "cuda",
    "type",
    "apply",
)
"""What a module has under these names itself."""


def planned(network: Network, probabilities: bool = False, target: str = "any") -> Graph:
    """The plan of a network's evaluation after all passes of a target."""
    plan = graph(network, probabilities)
    for each in TARGETS[target]:
        plan = each(plan)
    return plan


def write(network: Network, probabilities: bool = False, target: str = "any") -> tuple[str, str]:
    """The name of the network's class, and the source. Raises `ValueError` for a network with errors."""
    writer = Writer(planned(network, probabilities, target), probabilities, target)
    return writer.name, writer.text()


class Writer:
    """Writes the source of one plan."""

    def __init__(self, plan: Graph, probabilities: bool, target: str):
        self.graph, self.target = plan, target
        self.network = plan.network
        self.definitions = list(dict.fromkeys(each for step in plan.steps for each in self._definitions(step)))
        taken = {*RESERVED, *LOOPS, "Pair", "State", "state", "batch", "layer", "norm", "folded", "stacked"}
        taken.update(found for each in self.definitions for found in re.findall(r"(?m)^class (\w+)", each))
        main = Main(Plan(self.network, probabilities), taken)
        self.name = main.name
        self.fields = [(each.name, each.value) for each in main.fields if not each.head]
        self.returned = main.returned
        self.inputs = main._inputs()
        self.attributes: dict[int, str] = {}
        self.construction = list(self._construction())

    # The parts -------------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The whole file."""
        body = "\n".join(self._class())
        pieces = [PACKING] if self.packed else []
        pieces += [*used("\n".join([*pieces, body])), *self.definitions]
        if self.returned:
            always = [(field, False) for field, _ in self.fields]
            pieces.append(text.output_class(self.returned, "What the network returns.", always))
        code = "\n\n".join(piece.strip("\n") + "\n" for piece in [*pieces, body])
        types = [line for word, line in TYPES.items() if re.search(rf"\b{word}\b", code)]
        imports = text.imports("\n".join([*types, code]))
        standard = "from collections.abc import Mapping"
        imports = [standard, *imports] if "" in imports else [standard, "", *imports]
        return "\n".join([self._header(), "", *imports, "", *types, "", "", code])

    def _header(self) -> str:
        steps = ", ".join(name(each) for each in TARGETS[self.target])
        plain = text.header(self.network)
        batch = ", one at a time unless `batch` says otherwise" if self.packed else ""
        said = [
            "For inference: the plain module's outputs, up to rounding, computed in another way"
            + (" on a CPU" if self.target == "cpu" else ""),
            f"({steps}; `netdsl explain` has a page for each).",
        ]
        lines = textwrap.wrap(" ".join(said), WIDTH)
        if self.packed:
            lines += textwrap.wrap(f"Weights are packed for inputs of the size above{batch}.", WIDTH)
        lines += ["", f"    model = {self.name}(state)  # `state` is the plain module's state_dict"]
        if self.movable:
            lines += [f"    model = {self.name}(state, layout=torch.contiguous_format).cuda()  # in float32 on a GPU"]
        return plain.removesuffix('\n"""') + "\n\n" + "\n".join(lines) + '\n"""'

    @property
    def packed(self) -> bool:
        """Whether there are weights packed for oneDNN."""
        return any(map(self._kernel, self.graph.steps))

    @property
    def movable(self) -> bool:
        """Whether the layout of maps is for whoever makes the module to choose: a GPU computes float32 faster plane by
        plane."""
        return self.graph.channels_last and not self.packed

    @property
    def layout(self) -> str:
        """The layout of maps, as an expression."""
        return "self.layout" if self.movable else "torch.channels_last"

    def _class(self) -> Iterator[str]:
        yield f"class {self.name}(nn.Module):"
        yield f'    """{text.title(self.network)}, for inference. `state` is the state_dict of the plain module."""'
        yield ""
        given = ["self", "state: State"]
        given += ["batch: int = 1"] if self.packed else []
        given += ["layout: torch.memory_format = torch.channels_last"] if self.movable else []
        yield f"    def __init__({', '.join(given)}) -> None:"
        yield "        super().__init__()"
        if self.movable:
            yield "        self.layout = layout"
        yield from self.construction
        modules = any(isinstance(step.tensors, Own) for step in self.graph.steps)
        yield "        self.eval().requires_grad_(False)" if modules else "        self.eval()"
        if any("self.keep(" in line for line in self.construction):
            keep = KEEP.strip("\n").replace(
                "{layout}", self.layout if self.graph.channels_last else "torch.contiguous_format"
            )
            yield from ["", *keep.split("\n")]
        names = ["self", *(f"{each}: Tensor" for each in self.inputs.values())]
        yield ""
        yield f"    def forward({', '.join(names)}) -> {self.returned or 'Tensor'}:"
        yield from self._forward()

    # The constructor -------------------------------------------------------------------------------------------------

    def _kernel(self, step: Step) -> bool:
        planes = isinstance(step.op, Fc) or len(step.shape) == 3
        return self.target == "cpu" and step.filters and planes

    def _definitions(self, step: Step) -> tuple[str, ...]:
        return calls.described(step, self.graph).definitions if self._module(step) else ()

    def _module(self, step: Step) -> bool:
        """Whether a step needs a module of its own."""
        texts = [f"v{number}" for number in range(len(step.inputs))]
        return not self._kernel(step) and calls.function(step, self.graph, texts, "m") is None

    def _construction(self) -> Iterator[str]:
        known: dict[tuple[object, ...], str] = {}
        numbered = Numbered({*OWN, *self.inputs.values()})
        for step in self.graph.steps:
            statement = self._constructed(step)
            if statement is None:
                continue
            key = (step.tensors, lay(statement("m"), 0))
            new = key not in known
            if new:
                known[key] = numbered(self._attribute(step))
                yield " " * BODY + lay(statement(known[key]), BODY)
            self.attributes[step.value] = known[key]

    def _constructed(self, step: Step) -> Callable[[str], Text] | None:
        """How the constructor makes what a step needs, as a function of the attribute's name; None for nothing."""
        tensors, op = step.tensors, step.op
        if self._kernel(step):
            assert tensors is not None
            if isinstance(op, Fc):
                return lambda name: Bracket(f"self.{name} = matrix(", (("", tensors.text), ("", "batch")), ")")
            rest = tuple(("", each) for each in calls.packing(step, self.graph))
            return lambda name: Bracket(f"self.{name} = filters(", (("", tensors.text), *rest), ")")
        if tensors is not None and not isinstance(tensors, Own):
            return lambda name: Bracket("self.keep(", (("", f'"{name}"'), ("", f"*{tensors.text}")), ")")
        written = calls.described(step, self.graph)
        if written.module is None or (tensors is None and not self._module(step)):
            return None
        if written.expression is not None:
            assert isinstance(tensors, Own)
            (key,) = step.op.weights(self.graph.shapes(step))
            path = f"{tensors.path}.{key}".rstrip(".")
            return lambda name: Bracket(
                "self.register_buffer(", (("", f'"{name}"'), ("", f'state["{path}"].clone()')), ")"
            )
        made = calls.construction(written.module)
        if tensors is None:
            return lambda name: _set(name, made)
        return lambda name: Bracket(f"self.{name} = filled(", (("", made), ("", "state"), ("", tensors.text)), ")")

    def _attribute(self, step: Step) -> str:
        """What the tensors of a step are called: as their layer is in the plain module."""
        if step.tensors is None:
            return variable(step.op.name)
        paths = _layers(step.tensors)
        path = paths[0]
        if len(paths) > 1:
            path = _common(paths) + ".siblings"
        elif isinstance(step.tensors, Part) and not step.tensors.weight:
            path += ".offset"
        found = re.sub(r"\W", "_", path).strip("_")
        return found if found.isidentifier() and not found[0].isdigit() else f"{step.op.name}_{found}"

    # The forward -----------------------------------------------------------------------------------------------------

    def _forward(self) -> Iterator[str]:
        pad = " " * BODY
        if self.graph.guarded:
            x, shape = self.inputs[0], self.network.inputs[0].shape
            yield f"{pad}if {x}.shape[1:] != {shape}:"
            said = f"compiled for inputs of {shape_text(shape)}, not {{tuple({x}.shape[1:])}}"
            yield f'{pad}    raise ValueError(f"{said}")'
        if self.graph.channels_last:
            for number, each in self.inputs.items():
                if len(self.network.inputs[number].shape) == 3:
                    yield f"{pad}{each} = {each}.contiguous(memory_format={self.layout})"
        inlined = {step.value for step in self.graph.steps if self._inlines(step)}
        written = Statements(self.graph, self.inputs, inlined, {self.returned, "state"}, self._expression)
        yield from written.lines(self.graph.steps)
        results = [written.names[value] for value in self._results()]
        yield f"{pad}return {results[0]}" if not self.returned else f"{pad}return {self.returned}({', '.join(results)})"

    def _results(self) -> list[int]:
        """The values that are returned, as they are after the passes, in the order of the plain module's."""
        return list(self.graph.results.values())

    def _expression(self, step: Step, texts: list[str], inner: list[Text | None]) -> Text:
        attribute = self.attributes.get(step.value, "")
        if self._kernel(step):
            return calls.kernel(step, texts, attribute)
        if step.op.name == "relu" and inner[0] is not None and calls.in_place(inner[0]):
            return Bracket("torch.relu_(", (("", inner[0]),), ")")
        found = calls.function(step, self.graph, texts, attribute)
        if found is None:
            return call(f"self.{attribute}", texts)
        if isinstance(found, Bracket) and inner[0] is not None and len(inner) == 1:
            return found._replace(items=(("", inner[0]), *found.items[1:]))
        return found

    def _inlines(self, step: Step) -> bool:
        """Whether a step is written into the activation that alone takes it, in the next statement."""
        user = inlines(step, self.graph)
        return user is not None and not self._module(user)


def _set(name: str, made: Text) -> Text:
    return (
        made._replace(opening=f"self.{name} = {made.opening}") if isinstance(made, Bracket) else f"self.{name} = {made}"
    )


def _layers(tensors: Tensors) -> list[str]:
    """The paths of the layers in a formula, without the norms that are folded into them."""
    if isinstance(tensors, Part):
        return _layers(tensors.inner)
    inner = getattr(tensors, "inner", None)
    if inner is not None:
        return _layers(inner)
    parts = getattr(tensors, "parts", None)
    if parts is not None:
        return [path for part in parts for path in _layers(part)]
    return [tensors.path]  # type: ignore[union-attr]


def _common(paths: Iterable[str]) -> str:
    found = []
    for parts in zip(*(path.split(".") for path in paths), strict=False):
        if len(set(parts)) > 1:
            break
        found.append(parts[0])
    return ".".join(found)
