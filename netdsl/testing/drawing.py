"""Networks drawn at random, as text: every way to say a thing is used.

Notation and arguments, labels, groups, repeats, joins and branches that are repeated, choices, residuals, bracket
blocks, blocks with parameters, inputs and outputs, operators as parameters, `@label`, defaults, maps of one, two and
three dimensions. What the compiler refuses is not drawn; a refusal that is not to be expected fails the test that
draws.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, reject, settings
from hypothesis import strategies as st

from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.text.source import Source

SIMPLE = [
    "relu",
    "bn",
    "conv1-4",
    "conv3-6(act=relu)",
    "conv3-4/2(norm=bn, bias=false, act=silu)",
    "conv5-4(pad=2, act=tanh)",
    "conv1x3-6",
    "conv3-8(groups=2)",
    "conv3-4(dilation=2)",
    "dwconv3",
    "dwconv3/2(mult=2, norm=bn)",
    "upconv2-4/2",
    "maxpool",
    "maxpool3/2(pad=1)",
    "maxpool3/2(ceil=true)",
    "avgpool3/1(pad=1)",
    "avgpool2(ceil=true)",
    "lrn",
    "dropout(20%)",
    "leakyrelu(0.2)",
    "prelu",
    "gelu",
    "ln",
    "gn(2)",
    "scale(0.5)",
    "scale()",
    "scale(shared=true)",
    "scale(-1, shift=1)",
    "attention(2)",
    "attention(2, window=3, shift=1, relative_bias=true)",
    "pointwise-6",
    "local3-4(pad=1)",
    "conv3-4(standardize=true)",
    "rmsnorm",
    "instancenorm(scale=true)",
    "l2norm(scale=2)",
    "softmax(across=2)",
    "softsign",
    "dropout(20%, per=channel)",
    "pixelunshuffle(2, order=hwc)",
    "pixelshuffle(2)",
    "pad(1)",
    "upsample(2)",
    "shuffle(2)",
    "identity",
    "conv3-4(pad=tf)",
    "conv2-4/2(pad=tf)",
    "conv3-6(pad=[0, 1, 2, 1])",
    "conv3-4/2(ceil=true, pad=0)",
    "se(0.5)",
    "inception(2, 2, 4, 2, 2, 2)",
    "basic(8)",
    "bottleneck(2, stride=2)",
    "unit(4)",
    "unit(6, k=1)",
    "maxpool(to=4x4)",
    "[3x3, 4; 3x3, 4]",
    "[1x1, 2; 3x3, 2; 1x1, 8] /2",
    "[3x3, 6; 3x3, 6] x2 /2",
]
HEAD = """input 4x16x16
default conv(init=normal(std=0.1))
block unit(n, k=3) { residual { conv{k}-n(act=relu); conv{k}-n } }
block pair(n, f=relu) takes a, b { both: mul { @a | @b; f }; output side: conv3-n; @both; output b: conv1-n }
block all(n, few) takes map x{few} { sum{i}: add x{few} as j { @map{j}; conv{2 * i + 1}-n } x{few} as i; output map0 }
"""


ALONE = ["group", "join", "branches", "choice", "residual", "repeat", "goto", "sequence"]
WHOLE = [*ALONE, "call"]
REPEATED = [
    "add x{0} {{ conv1-4; conv3-4 }}",
    "concat {{ identity | x{0} {{ conv3-4(act=relu) }} }}",
    "max x{0} as i {{ conv{{2 * i + 1}}-4 }}",
    "concat x{0} as i {{ if i > 0 {{ add {{ conv1-4 | @{1}{{i - 1}} }} }} else {{ conv1-4 }}; {1}{{i}}: relu }}",
    "mean {{ x{0} as i {{ conv1-4 }} | conv3-4; relu }}",
    "add {{ gap; {1}: {{ conv1-2; conv1-4 }} | gmp; reuse({1}) }}; upsample(to=8x8)",
]
SEQUENCES = [
    "{0}: identity; tokens; class_token; positions; ln; attention(2); slice(0, 2); token(0); fc-{{4 * 8 * 8}}; "
    "reshape(4x8x8)",
    "{0}: identity; tokens; attention(2, causal=true); pointwise-4; lstm-4(both=true); reshape(like=@{0})",
    "{0}: maxpool; softsign; unpool(@{0})",
    "{0}: conv1-4; tokens; gru-4; {0}m: matmul {{ identity | matmul {{ identity; transpose | identity }}; softmax }}; "
    "reshape(like=@{0})",
    "{0}: conv1-4; attention(2) {{ @{0} | relu }}; upsample(like=@{0}); mul {{ identity | fc-1 }}",
    "{0}: learned(4x8x8)",
]
"""What is about tokens, and about a value that an argument names."""
CALLS = [
    "pair(4) { conv1-4 | conv3-4 }",
    "pair(6, tanh) { conv1-1 | identity }",
    "pair(4, f=silu) { conv1-4 | gap; conv1-4 } x3",
    "all(4, 2) { relu | conv1-4 }",
    "all(4, 3) { identity | x2 { conv3-4 } }",
]


CALLED = ("se(", "inception(", "basic(", "bottleneck(", "unit(")
"""How those of the simple statements begin that call a block."""


@st.composite
def statements(
    draw: st.DrawFn, depth: int = 0, prefix: str = "n", kinds: Sequence[str] = ALONE, most: int = 5
) -> list[str]:
    """Statements on an image, one a line, at most so many. Labels differ within a module; groups under a label are
    modules of their own. `kinds` are the larger ones that there may be: groups, joins, ...; `WHOLE` has all of
    them, and among them calls of the blocks that `HEAD` defines."""
    found: list[str] = []
    labels: list[str] = []
    for number in range(draw(st.integers(1, min(4, most) if depth else most))):
        found += draw(statement(f"{prefix}{depth}_{number}", labels, depth, prefix, kinds, most))
    return found


@st.composite
def statement(
    draw: st.DrawFn, name: str, labels: list[str], depth: int, prefix: str, kinds: Sequence[str], most: int
) -> list[str]:
    """One statement, whose label, if it has one, is `name`; it is added to `labels`, to which others go back."""
    kind = draw(st.sampled_from(["simple"] * 7 + (list(kinds) if depth < 2 else [])))
    label = f"{name}: " if draw(st.booleans()) else ""
    if kind == "goto" and labels:
        return [f"@{draw(st.sampled_from(labels))}"]
    if kind == "sequence":
        return [draw(st.sampled_from(SEQUENCES)).format(f"{name}_")]
    if kind == "call":
        label = label or f"{name}: "
    if label:
        labels.append(name)
    if kind == "group":
        inner = draw(statements(depth + 1, prefix if label else name + "_", kinds, most))
        return [f"{label}{{ {'; '.join(inner)} }}"]
    if kind == "repeat":
        return [f"{label}{draw(st.sampled_from(SIMPLE[:20]))} x{draw(st.integers(1, 4))}"]
    if kind == "join":
        return [label + draw(_join())]
    if kind == "branches":
        return [label + draw(st.sampled_from(REPEATED)).format(draw(st.integers(1, 4)), f"{name}_")]
    if kind == "choice":
        arms = (draw(st.sampled_from(SIMPLE[:20])) for _ in range(2))
        test = f"channels > {draw(st.sampled_from([3, 5]))}"
        return [f"if {test} {{ {label}{next(arms)} }} else {{ {label}{next(arms)} }}"]
    if kind == "call":
        call = draw(st.sampled_from(CALLS))
        output = "map0" if call.startswith("all") else draw(st.sampled_from(["side", "b"]))
        return [f"{label}{call}", f"@{name}.{output}"]
    if kind == "residual":
        shortcut = draw(st.sampled_from(["", "(shortcut=always)", "(shortcut=same)", "(act=relu)"]))
        return [f"{label}residual{shortcut} {{ conv3-{draw(st.sampled_from([4, 8]))}(norm=bn); conv1-8 }}"]
    simple = SIMPLE if "call" in kinds else [each for each in SIMPLE if not each.startswith(CALLED)]
    return [label + draw(st.sampled_from(simple))]


@st.composite
def _join(draw: st.DrawFn) -> str:
    joining = draw(st.sampled_from(["concat", "add", "mul"]))
    width = draw(st.sampled_from([4, 6]))
    branches = [
        f"conv{k}-{width}" + draw(st.sampled_from(["", "(act=relu)"]))
        for k in draw(st.lists(st.sampled_from([1, 3]), min_size=2, max_size=3))
    ]
    if joining == "concat":
        branches.append("identity")
    return f"{joining} {{ {' | '.join(branches)} }}"


RANKED = [
    "conv3-4",
    "conv3-6/2(norm=bn, act=relu)",
    "conv2-4(pad=tf)",
    "dwconv3",
    "upconv2-4/2",
    "maxpool",
    "maxpool3/2(pad=1)",
    "avgpool3/1(pad=1)",
    "avgpool(to=4)",
    "gap",
    "bn",
    "ln",
    "gn(2)",
    "prelu",
    "softmax",
    "pointwise-4",
    "conv1-{length_}",
    "conv1-{round_to(length_ * 1.3, 4)}",
    "{ conv3-{widths[i]}; relu } x{len(widths)} as i",
    "residual { conv3-8/2; conv3-8 }",
    "residual(shortcut=pad) { conv3-8/2 }",
    "concat { identity | conv1-2 }",
    "mul { identity | gap; conv1-4 }",
    "pad(1)",
    "upsample(2)",
    "keep: relu; maxpool; upsample(like=@keep)",
    "crop(1)",
]


SIDES = [
    "output o{}",
    "aux h{} {{ gap; fc-2 }}",
    "aux h{}(weight=0.3) {{ conv1-4(norm=bn); conv3-4(frozen=true); maxpool; gap; fc-3 }}",
    "g{0}: {{ conv1-6; aux h{0} {{ a: conv3-2(norm=bn); gap; fc-2 }}; relu; output o{0} }}",
    "conv1-4; s{0}: {{ conv3-4(norm=bn) }}; reuse(s{0})",
    "conv1-4; s{0}: conv1-4; t{0}: conv3-4(norm=gn(2)); reuse(s{0}); aux h{0} {{ reuse(t{0}); gap }}",
    "conv1-4(frozen=true, norm=bn)",
    "d{0}: conv1-4; conv3-8; @d{0}; conv3-7; relu; @d{0}",
    "@other; conv1-4",
    "conv1-4; j{0}: concat {{ conv1-4 | relu | @first }}; conv1-4; reuse(j{0}); conv1-4; output o{0}",
    "r{0}: relu; @first; reuse(r{0}); u{0}: concat {{ conv3-4 }}; @other; reuse(u{0}); output o{0}",
    "output o{0}; @other; output p{0}",
]
SIDED_HEAD = HEAD.replace("input 4x16x16", "input first: 4x16x16\ninput other: 4x16x16") + "@first\n"


@st.composite
def sided(draw: st.DrawFn, mistakes: bool = False) -> Network:
    """Networks with what stands beside the main path: a second input, outputs, aux heads, values that nobody uses,
    weights used again, weights not trained; with mistakes, of unknown shape from a layer on that may be anywhere."""
    lines = draw(statements(kinds=WHOLE))
    sides = [
        *SIDES,
        *["w{0}: {{ relu; conv99-4(pad=0); relu }}", "concat {{ conv3-4 | maxpool | identity }}"] * mistakes,
    ]
    for number, side in enumerate(draw(st.lists(st.sampled_from(sides), min_size=mistakes, max_size=4))):
        lines.insert(draw(st.integers(0, len(lines))), side.format(number))
    ending = draw(st.sampled_from([[], ["gap; fc-3"], ["e: conv1-4; conv3-9; relu; @e"]]))
    network = accepted(SIDED_HEAD + "\n".join([*lines, *ending]) + "\n")
    return network if network.complete or mistakes else reject()


def accepted(text: str, variant: str | None = None) -> Network:
    """The network of a drawn text, incomplete where windows are larger than the plane, or shapes do not join."""
    compilation = compile(Source("drawn.net", text), variant=variant)
    for diagnostic in compilation.report:
        assert diagnostic.code in ("E0301", "E0302", "E0405"), f"{text}\n{diagnostic}"
    return compilation.network or reject()


LAW = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
