"""Laws of the emitted source on networks of blocks: a block's class does for every call what the network says."""

from __future__ import annotations

import ast
import inspect
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import ValidationError
from slips import slips
from test_torch import EVERY, IDS

import netdsl
from netdsl.backends.text import text as written
from netdsl.backends.torch.symbols import as_term, is_symbolic, plain
from netdsl.backends.torch.trace import Trace
from netdsl.ir import Network
from netdsl.testing.blocks import block_networks

LAW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def weights(network: Network) -> list[tuple[str, tuple[int, ...]]]:
    """The names and shapes of all weights, in the order of the nodes."""
    return [
        (f"{node.path}.{name}", tuple(weight.shape))
        for node in network.nodes
        for name, weight in network.weights(node).items()
    ]


@LAW
@given(block_networks())
def test_names_and_shapes(network: Network) -> None:
    with torch.device("meta"):
        model = netdsl.build(network)
    source = network.sources[0].text + netdsl.emit(network)
    found = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    assert found == weights(network), source


@settings(LAW, max_examples=40)
@given(block_networks())
def test_the_flat_text_computes_the_same(network: Network) -> None:
    """Block by block or flat, with the same weights the values are the same."""
    torch.manual_seed(0)
    one = netdsl.build(network).eval()
    flat = netdsl.loads(written(network))
    two = netdsl.build(flat).eval()
    state = one.state_dict()
    pairs = zip(weights(network), weights(flat), strict=True)
    two.load_state_dict({new: state[old] for (old, _), (new, _) in pairs}, strict=True)
    x = torch.randn(2, 4, 16, 16)
    source = network.sources[0].text + netdsl.emit(network)
    with torch.no_grad():
        torch.testing.assert_close(two(x), one(x), rtol=1e-4, atol=1e-5, equal_nan=True, msg=lambda text: text + source)


@settings(LAW, max_examples=30)
@given(block_networks())
def test_from_json_the_source_is_the_same(network: Network) -> None:
    again = Network.model_validate_json(network.model_dump_json())
    assert again == network
    assert netdsl.emit(again) == netdsl.emit(network)


def arguments(model: torch.nn.Module) -> dict[str, Any]:
    """What the network's class takes, with the defaults."""
    parameters = list(inspect.signature(type(model).__init__).parameters.values())[1:]
    return {each.name: each.default for each in parameters}


def state(model: torch.nn.Module) -> tuple[Any, ...]:
    """Names and shapes of the weights, and the rates of all that drops."""
    rates = sorted(str(each.p) for each in model.modules() if hasattr(each, "p"))
    return [(name, tuple(value.shape)) for name, value in model.state_dict().items()], rates


def params_can_be_set(load: Callable[..., Network]) -> None:
    """Every param is an argument, and then does what it does in the spec, or the docstring says that it is fixed."""
    network = load()
    with torch.device("meta"):
        model = netdsl.build(network)
    known = arguments(model)
    written = [name for name in network.settings if name not in network.body.terms]
    for name in written:
        assert name in known or f"{name}=" in (type(model).__doc__ or ""), name
    for name, value in known.items():
        other = value / 2 if isinstance(value, float) else value + 4
        with torch.device("meta"):
            assert state(type(model)(**{name: other})) == state(netdsl.build(load(**{name: other}))), name


@settings(LAW, max_examples=40)
@given(block_networks())
def test_params_of_drawn_networks(network: Network) -> None:
    params_can_be_set(lambda **params: netdsl.loads(network.sources[0].text, **params))


def test_a_constant_beside_a_default_of_the_same_value() -> None:
    """Which of two equal numbers is a param, and which is written as a number."""
    spec = "input 4x8x8\nparam rate = 0.25\nblock b(n, drop=rate) { conv3-n; dropout(drop) }\n"
    params_can_be_set(lambda **params: netdsl.loads(spec + "b(4, 0.25); b(4); b(4, drop=0.1); b(4)", **params))
    spec = "input 4x8x8\nparam rate = 0.25\nblock b(t) {\n  concat { identity | conv1-4 }\n"
    spec += "  if t > 1 { dropout(rate) } else { dropout(0.25) }\n}\n"
    params_can_be_set(lambda **params: netdsl.loads(spec + "b(1); b(2); dropout(rate)", **params))


QUICK = ["efficientnet:B0", "googlenet", "mobilenet_v2:1.0", "resnet50", "unet", "vgg:D", "densenet:121"]


@pytest.mark.parametrize("spec", QUICK)
def test_params_of_the_zoo(spec: str) -> None:
    params_can_be_set(lambda **params: netdsl.load(spec, **params))


@pytest.mark.slow
@pytest.mark.parametrize(("path", "variant"), EVERY, ids=IDS)
def test_every_network(path: str, variant: str | None) -> None:
    """Weights by name, shape and order, and params, of the whole zoo; and nothing that would be sent back."""
    params_can_be_set(lambda **params: netdsl.load(path, variant=variant, **params))
    network = netdsl.load(path, variant=variant)
    assert list(slips(netdsl.emit(network))) == []
    with torch.device("meta"):
        found = [(name, tuple(value.shape)) for name, value in netdsl.build(network).state_dict().items()]
    bare = [name for name, _ in weights(network) if name.endswith(".")]
    if bare:  # PyTorch lists a module's own parameters first
        assert sorted(found) == sorted((name.rstrip("."), shape) for name, shape in weights(network))
    else:
        assert found == weights(network)


def traces(network: Network) -> list[Trace]:
    """How the classes of a network were traced."""
    found: list[Trace] = []
    start = Trace.__init__

    def noted(self: Trace, *given: Any) -> None:
        start(self, *given)
        found.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trace, "__init__", noted)
        netdsl.emit(network)
    return found


def terms_hold(network: Network) -> None:
    """Every term has the value beside it, also in the names of who calls."""
    count = 0
    for trace in traces(network):
        if trace.loop is not None:
            continue
        values = [shape[0] for shape in trace.shapes.values()]
        values += [value for atoms in trace.made.values() for value in atoms.values()]
        for torch_ in trace.torch.values():
            values += [*torch_.module.args, *torch_.module.kwargs.values()] if torch_.module is not None else []
        for value in values:
            if is_symbolic(value):
                assert as_term(value).evaluate(trace.env) == plain(value)
                count += 1
    assert count


@settings(LAW, max_examples=30)
@given(block_networks())
def test_terms_of_drawn_networks_hold(network: Network) -> None:
    terms_hold(network)


@pytest.mark.parametrize("spec", QUICK)
def test_terms_of_the_zoo_hold(spec: str) -> None:
    terms_hold(netdsl.load(spec))


def test_without_what_was_written_the_network_is_the_same() -> None:
    """Provenance is seen in the source alone."""

    def bare(part: Any) -> Any:
        if isinstance(part, dict):
            fields = ("terms", "arms", "choices", "definition", "definitions")
            return {key: bare(each) for key, each in part.items() if key not in fields}
        return [bare(each) for each in part] if isinstance(part, list) else part

    for spec in QUICK:
        network = netdsl.load(spec)
        data = json.loads(network.model_dump_json())
        again = Network.model_validate(bare(data))
        assert again != network and netdsl.digest(again) == netdsl.digest(network)
        with torch.device("meta"):
            assert state(netdsl.build(again))[0] == state(netdsl.build(network))[0]


HOSTILE = [
    'x", None); exec("raise SystemExit(7)"); ("',
    "__import__('os').abort()",
    '"""\nabort()\n"""',
    "{abort()}",
    "1/0",
    "'",
    '"""; abort(); """',
    "[1, 2] * 9999999999",
    "'%9999999999d' % 5",
]


@pytest.mark.parametrize("name", ["efficientnet:B0", "densenet:121", "regnet:Y-400MF"])
def test_what_a_stranger_wrote_into_a_network_never_becomes_code(name: str) -> None:
    """Every text in the JSON of a network that the source is made of, replaced by what would run if it were pasted."""
    dice = random.Random(0)
    base = netdsl.load(name).model_dump_json()
    emitted = 0
    for _ in range(60):
        data = json.loads(base)
        for owner, key in dice.sample(list(texts(data["body"])) + list(texts(data["definitions"])), 2):
            owner[key] = dice.choice(HOSTILE)
        try:
            network = Network.model_validate(data)
        except ValidationError:
            continue
        text = netdsl.emit(network)
        emitted += 1
        called = {each.func for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)}
        assert not {getattr(each, "id", getattr(each, "attr", "")) for each in called} & {"exec", "abort", "__import__"}
    assert emitted


def texts(data: Any) -> Iterator[tuple[Any, Any]]:
    """Where texts stand in plain data: in what, and under which key."""
    for key, each in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(each, str):
            yield data, key
        elif isinstance(each, dict | list):
            yield from texts(each)
