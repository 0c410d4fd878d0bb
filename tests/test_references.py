"""What a spec says that no count shows, held against the model that it names: rates of dropout, constants of norms, and
how weights are drawn. What a spec has otherwise, it lists (`apart from:`); nothing else may differ, and all of it must.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from references import CASES, Case, Named, Renamed
from torch import nn

import netdsl
from netdsl import zoo
from netdsl.analysis.conformance.apart import Apart, apart, applied
from netdsl.compiler import compile
from netdsl.ir import Network

pytestmark = pytest.mark.usefixtures("one_thread")

NAMING = [case for case in CASES if isinstance(case.reference, Named)]
NORMS = (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)


def reported() -> Iterator[tuple[str, str | None, str]]:
    for spec in zoo.names():
        for variant in compile(zoo.directory() / f"{spec}.net").variants or (None,):
            network = netdsl.load(spec, variant=variant)
            for each in network.reported:
                if each.quantity == "reference":
                    yield spec, variant, str(each.value)


def test_every_reference_that_a_spec_names_is_held() -> None:
    held = {(case.spec, case.variant, case.reference.name) for case in NAMING if isinstance(case.reference, Named)}
    held |= {(case.spec, case.variant, "") for case in CASES}
    extending = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}
    for spec, variant, name in reported():
        if spec not in extending:
            assert (spec, variant, name) in held or (spec, variant, "") in held, (spec, variant, name)


def details(model: nn.Module) -> dict[str, Any]:
    """The rates of what drops, in order; the constants of norms, by name."""
    paths = []
    for owner in model.modules():
        if getattr(owner, "use_res_connect", True):  # torchvision's MBConv has one also where nothing is added
            dropping = [each for each in owner.children() if type(each).__name__ in ("DropPath", "StochasticDepth")]
            paths += [each.p if hasattr(each, "p") else each.drop_prob for each in dropping]
    found: dict[str, Any] = {
        "dropped": [m.p for m in model.modules() if isinstance(m, nn.Dropout) and m.p],
        "paths": [round(p, 9) for p in paths if p],
    }
    for name, m in model.named_modules():
        if isinstance(m, NORMS):
            found[name] = (m.eps, round(getattr(m, "momentum", 0.0), 9))
    return found


def names_reference(case: Case) -> bool:
    return case.note(netdsl.load(case.spec, variant=case.variant)) is not None or any(
        each.quantity == "reference" and isinstance(case.reference, Named) and each.value == case.reference.name
        for each in netdsl.load(case.spec, variant=case.variant).reported
    )


@pytest.mark.parametrize(
    "case", NAMING, ids=[case.id + ("-timm" if "timm" in case.reference.name else "") for case in NAMING]
)
def test_rates_and_constants(case: Case) -> None:
    if not names_reference(case):
        pytest.skip("the spec names another reference")
    with torch.device("meta"):
        ours, reference = details(netdsl.build(case.network())), case.reference()
    if isinstance(reference, Renamed):
        assert nameless(ours) == nameless(details(reference.model))
    else:
        assert ours == details(reference)


def nameless(found: dict[str, Any]) -> dict[Any, Any]:
    """Rates, and how many norms there are of each kind, for a reference whose layers have other names."""
    rates = {key: found.pop(key) for key in ("dropped", "paths")}
    return {**rates, **Counter(found.values())}


def test_what_a_note_lists_differs() -> None:
    """Each difference of each note is one: with any of them left out, the network is another one."""
    for case in NAMING:
        plain = netdsl.load(case.spec, variant=case.variant)
        differences = apart(case.note(plain))
        for operator, field, value in differences.arguments:
            assert {getattr(node.op, field) for node in plain.nodes if node.op.name == operator} - {value}, case.id
        if differences.input is not None:
            assert plain.inputs[0].shape != differences.input
        if differences.init is not None:
            assert plain.train is not None and plain.train.kwargs["init"] != differences.init


MOST = 20_000


def sampled(x: torch.Tensor) -> torch.Tensor:
    """Some of the values, spread over the tensor, sorted."""
    flat = x.detach().flatten().double()
    return flat[torch.randperm(flat.numel())[:MOST]].sort().values


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The largest distance of two empirical distributions (Kolmogorov and Smirnov)."""
    both = torch.cat((a, b))
    return float(
        (torch.searchsorted(a, both, right=True) / len(a) - torch.searchsorted(b, both, right=True) / len(b))
        .abs()
        .max()
    )


def unlike(ours: torch.Tensor, theirs: torch.Tensor) -> str | None:
    """In what the distributions of two tensors differ by more than chance does, or None.

    Over the zoo that are some 20,000 tensors: the bounds are such that one of a million of equal ones is over them.
    """
    a, b = sampled(ours), sampled(theirs)
    n = len(a)
    if float(b.std(unbiased=False)) == 0 or float(a.std(unbiased=False)) == 0:
        return None if torch.equal(a, b) else f"constant {float(b[0]):g} against {float(a[0]):g}"
    spread = float(b.std())
    if abs(float(a.mean() - b.mean())) > 6 * spread * math.sqrt(2 / n):
        return f"mean {float(a.mean()):.3g} against {float(b.mean()):.3g}"
    if n > 100 and abs(math.log(float(a.std()) / spread)) > 6 / math.sqrt(n):
        return f"std {float(a.std()):.4g} against {spread:.4g}"
    if distance(a, b) > 2.7 * math.sqrt(2 / n):
        return f"another distribution, by {distance(a, b):.3f}"
    return None


def draws(case: Case) -> list[str]:
    """The tensors of a spec that are drawn otherwise than its reference's."""
    torch.manual_seed(0)
    theirs = fresh(case).state_dict()
    ours = netdsl.build(case.network()).state_dict()
    found = []
    for name, value in ours.items():
        if value.is_floating_point() and value.numel() >= 8 and (why := unlike(value, theirs[name])):
            found.append(f"{name}: {why}")
    return found


def fresh(case: Case) -> nn.Module:
    """The reference with its own initial weights, which the long ones take minutes for."""
    assert isinstance(case.reference, Named)
    library, _, name = case.reference.name.partition(":")
    if library == "torchvision" and name in ("googlenet", "inception_v3"):
        import torchvision

        return torchvision.models.get_model(name, weights=None, init_weights=True)
    return case.reference()


SMALL = [case for case in NAMING if case.id != "regnet:Y-128GF" and case.reference.drawn]
"""Of which two fit into the memory of a small machine."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case.id,
            marks=[] if case.id in ("squeezenet:1_1", "mnasnet:0_5", "resnet_v1_5:18") else [pytest.mark.slow],
        )
        for case in SMALL
        if "timm" not in case.reference.name or case.spec != "inception_v3"
    ],
)
def test_weights_are_drawn_as_the_reference_draws_them(case: Case) -> None:
    assert draws(case) == []


def test_a_wrong_way_to_draw_is_found() -> None:
    (case,) = [case for case in CASES if case.id == "squeezenet:1_1"]
    wrong: Network = applied(case.network(), Apart(init="zeros"))
    torch.manual_seed(0)
    ours, theirs = netdsl.build(wrong).state_dict(), fresh(case).state_dict()
    assert unlike(ours["features.0.weight"], theirs["features.0.weight"])
    kaiming = torch.nn.init.kaiming_normal_(torch.empty(512, 512, 3, 3))
    assert unlike(kaiming, torch.nn.init.kaiming_uniform_(torch.empty(512, 512, 3, 3)))
    assert unlike(kaiming, 1.1 * kaiming) and unlike(kaiming, kaiming + 0.01)
    assert not unlike(kaiming, torch.nn.init.kaiming_normal_(torch.empty(512, 512, 3, 3)))


def test_the_last_layer_of_resnet_is_not_drawn_by_its_outputs() -> None:
    """torchvision has a standard deviation of 0.0128; kaiming_normal by fan_out would give 0.045, and a first loss of 9."""
    torch.manual_seed(0)
    weight = netdsl.build(netdsl.load("resnet_v1_5:50")).fc.weight.detach()
    assert float(weight.std()) == pytest.approx((3 * 2048) ** -0.5, rel=0.01)
