"""Networks of blocks drawn at random, as text: what makes the instances of one block differ.

Blocks have conditions, counts, defaults that are expressions, activations for parameters, calls of other blocks, and
`default` lines around and inside; they read params of the net, put labels and layers into one arm only, and have
residuals whose shortcut depends on their parameters. They take several values and give several, and have branches that
are repeated; a parameter may name the block or the operator that is called.
"""

from __future__ import annotations

from hypothesis import reject
from hypothesis import strategies as st

from netdsl.compiler import compile
from netdsl.ir import Network
from netdsl.text.source import Source

REFUSED = ("E0301", "E0302", "E0405", "E0602", "E0604", "E0202")
"""What a drawn text may be refused for: windows over the plane, shapes that do not join, divisions, labels."""

PARAMETERS = {
    "stride": ("stride=1", "stride=2"),
    "k": ("k=3", "k=1", "k"),
    "t": ("t=1", "t=2", "t"),
    "count": ("count=2", "count=1", "count"),
    "act": ("act=relu", "act=none", "act=silu"),
    "drop": ("drop=0.0", "drop=rate", "drop"),
    "mid": ("mid=channels * 2", "mid=n * 2", "mid=max(2, n // 2)", "mid=n if n > 4 else 2 * n", "mid"),
    "near": ("near=floor(n * 1.5 + 2) // 4 * 4",),
    "bias": ("bias=true", "bias=false"),
    "wide": ("wide=channels",),
    "f": ("f=relu", "f=tanh", "f"),
    "unit": ("unit=narrow", "unit=apart", "unit"),
}
GIVEN = {
    "stride": ("1", "2"),
    "k": ("1", "3", "5"),
    "t": ("1", "2", "3"),
    "count": ("1", "2", "3"),
    "act": ("relu", "none", "silu", "leakyrelu(0.1)"),
    "drop": ("0.0", "0.1", "rate", "{rate / 2}"),
    "mid": ("4", "8", "{channels}"),
    "near": ("8",),
    "bias": ("true", "false"),
    "wide": ("{channels}",),
    "f": ("relu", "silu"),
    "unit": ("narrow", "apart", "broad"),
}
NAMED = (
    "block narrow(n, stride=1, act=relu) { conv1-n/stride; act }",
    "block apart(n, stride=1, act=relu) { deep: dwconv3/stride; bn; conv1-n; act }",
    "block broad(n, stride=1, act=relu) { if stride > 1 { maxpool3/stride(pad=1) }; conv3-n; bn }",
)
"""Blocks that a parameter can name."""
SEVERAL = (
    "block fuse(n, k=3) takes left, right { @right; near: conv{k}-n; output right: add { @left; conv1-n | @near }; "
    "bn }",
    "block gate(n, c=channels) takes x { gated: mul { conv1-c(act=tanh) | conv1-c(act=sigmoid) }; output skip: "
    "conv1-n; @gated; conv1-c; add { identity | @x } }",
    "block mesh(n, m) takes map x{m} { unit{i}: { @map{i}; conv1-{n * 2 ** i} } x{m} as i; "
    "output map{i}: add x{m} as j { @unit{j}; if j != i { conv1-{n * 2 ** i}; bn } } x{m} as i }",
)
"""Blocks of several inputs or outputs, which the pieces below call."""

PIECES = (
    ("conv3-n", ""),
    ("conv3-n(norm=bn); relu", ""),
    ("conv{k}-n/stride", "k stride"),
    ("conv{k}-n/stride(act=act, norm=bn)", "k stride act"),
    ("conv3-n/stride(bias=bias)", "stride bias"),
    ("conv1-mid; conv3-n(act=act)", "mid act"),
    ("conv1-near; conv1-n(norm=bn)", "near"),
    ("if t > 1 { conv1-{n * t}; relu }", "t"),
    ("if t > 1 { expand: conv1-{n * t}(norm=bn) } else { relu }", "t"),
    ("if t > 1 { if channels > 4 { conv1-4 } else { conv1-8; bn } }", "t"),
    ("if channels > 4 { first: conv3-n } else if channels == n { second: conv1-n } else { conv1-4; tanh }", ""),
    (
        "if stride == 1 and channels == n { residual(act=none) { body: { conv3-n(norm=bn); droppath(0.1) } } } "
        "else { body: { conv3-n/stride(norm=bn) } }",
        "stride",
    ),
    (
        "if stride == 1 { concat { slice(0, channels // 2) | slice(channels // 2); side: { conv3-n; relu } } } "
        "else { concat { left: { conv3-n/stride } | side: { conv1-n/stride; relu } } }",
        "stride",
    ),
    ("residual { conv3-n/stride(norm=bn, act=act); conv{k}-n(norm=bn) }", "stride k act"),
    ("residual(act=none) { conv1-mid; conv3-n/stride }", "stride mid"),
    ("residual(shortcut=always) { conv3-n }; dropout(drop)", "drop"),
    ("[1x1, n; 3x3, n; 1x1, {2 * n}]", ""),
    ("[3x3, n; 3x3, n] x{count}", "count"),
    ("conv3-n x{count}", "count"),
    ("conv3-{n + i} x{count} as i", "count"),
    ("layer{i + 1}: { conv3-n(norm=bn); relu } x{count} as i", "count"),
    ("dropout(drop); droppath(rate)", "drop"),
    ("dropout(rate / 2)", ""),
    ("default conv(act=silu); conv1-n", ""),
    ("default conv(norm=bn, bias=false); conv3-n; default conv(norm=none, bias=true)", ""),
    ("default leakyrelu(slope=drop); conv1-n(act=leakyrelu)", "drop"),
    ("concat { identity | conv1-{n // 2 + 1} }", ""),
    ("concat { identity | grow: { bn; relu; conv3-n } }", ""),
    ("add { conv1-n | a: conv3-n(act=act) }", "act"),
    ("mul { identity | gap; conv1-mid(act=act); conv1-wide(act=sigmoid) }", "mid act wide"),
    ("se(0.5)", ""),
    ("maxpool3/stride(pad=1)", "stride"),
    ("dwconv{k}/stride(norm=bn)", "k stride"),
    ("conv{k}-{channels}(groups=channels)", "k"),
    ("keep: conv1-n; conv3-n; concat { @keep | identity }", ""),
    ("residual(act=none, shortcut=same) { conv3-n/stride(norm=bn) }", "stride"),
    ("add x{count} { conv1-n; relu }", "count"),
    ("concat x3 as i { conv{2 * i + 1}-n(act=act) }", "act"),
    ("concat { identity | x{count} as i { conv1-{n + i}; bn } }", "count"),
    (
        "keep: identity; if t > 1 { a{t}: conv1-n/stride }; mix: identity; @keep ; conv1-n/stride; "
        "concat { identity | @mix ; maxpool3/1(pad=1) }",
        "t stride",
    ),
    ("keep: conv1-n; mix: add { conv3-n(act=act) | @keep }; conv1-n", "act"),
    ("conv1-{round_to(n * 1.5, 4)}; conv3-n; f", "f"),
    ("unit(n)", "unit"),
    ("unit(n, stride, act=f); relu", "unit stride f"),
    ("residual(act=none, shortcut=same) { unit(n, stride); unit(n) }", "unit stride"),
    ("unit(n, act=f) x{count}", "unit f count"),
    ("fuse(n) { identity | conv1-n }", ""),
    ("keep: conv1-n; fuse(n, k) { conv3-{n + 1} | @keep } x2", "k"),
    ("p: fuse(n, 1) { identity | conv3-n }; concat { identity | @p.right }", ""),
    ("p: gate(n) x2; add { conv1-n | @p.skip }", ""),
    ("p: mesh(n, 2) { identity | conv1-n } x2; @p.map0; relu", ""),
    ("p: mesh(2, 3) { identity | conv1-4 | conv1-n }; concat { @p.map0 | @p.map2 }", ""),
)
"""What bodies are made of, each with the parameters that it needs beside `n`."""


@st.composite
def specs(draw: st.DrawFn) -> str:
    """The text of a network of two to four blocks, called two to six times."""
    lines = ["input 4x16x16", "param classes = 5", "param rate = 0.25", "param base = 4", "param twice = base * 2"]
    lines += draw(st.lists(st.sampled_from(["default conv(act=relu)", "default conv(bias=false)"]), max_size=1))
    lines += (*SEVERAL, *NAMED)
    blocks: list[tuple[str, dict[str, str]]] = []
    for number in range(draw(st.integers(1, 3))):
        pieces, used = [], dict[str, None]()
        for place in range(draw(st.integers(1, 4))):
            if blocks and draw(st.integers(0, 3)) == 0:
                name, signature = draw(st.sampled_from(blocks))
                text, needs = draw(calls(name, signature, inside=True))
            else:
                text, words = draw(st.sampled_from(PIECES))
                needs = words.split()
            text = text.replace("layer{", f"layer{place}_{{")
            for label in ("expand", "first", "second", "body", "left", "side", "grow", "keep", "a", "mix", "p"):
                text = text.replace(f" {label}: ", f" {label}{place}: ").replace(f"@{label} ", f"@{label}{place} ")
                text = text.replace(f"@{label}.", f"@{label}{place}.")
                if text.startswith(f"{label}: "):
                    text = f"{label}{place}{text.removeprefix(label)}"
            pieces.append(text)
            used.update(dict.fromkeys(needs))
        signature = {}
        for parameter in draw(st.permutations(list(used))):
            signature[parameter] = draw(st.sampled_from(PARAMETERS[parameter]))
        written = ", ".join(["n", *signature.values()])
        comment = draw(st.sampled_from(["", "# What block {} is for.\n"])).format(number)
        body = "; ".join(pieces)
        lines.append(f"{comment}block b{number}({written}) {{ {body} }}")
        blocks.append((f"b{number}", signature))
    for place in range(draw(st.integers(2, 6))):
        name, signature = draw(st.sampled_from(blocks))
        text, _ = draw(calls(name, signature, inside=False))
        label = draw(st.sampled_from(["", f"l{place}: "]))
        ending = draw(st.sampled_from(["", "", "", " x2", " x3"]))
        if "stride" in signature and "stride=" not in text.removeprefix(name) and draw(st.booleans()):
            ending += " /2"
        lines.append(f"{label}{text}{ending}")
        lines += draw(
            st.lists(st.sampled_from(["default conv(act=relu)", "default conv(act=none)", "relu"]), max_size=1)
        )
    heads = (
        "aux side(weight=0.3) { gap; fc-classes }",
        "gap; dropout(rate); fc-classes",
        "conv1-classes",
        "conv1-classes; upconv2-classes/2(norm=bn); add { identity | conv1-classes }",
        "gap; fc-classes",
    )
    return "\n".join([*lines, draw(st.sampled_from(heads)), ""])


@st.composite
def calls(draw: st.DrawFn, name: str, signature: dict[str, str], *, inside: bool) -> tuple[str, list[str]]:
    """A call of a block, and the parameters of the body around that it passes on."""
    out = ["n", "{n * 2}", "6"] if inside else ["4", "6", "8", "base", "{2 * base}", "{twice}"]
    arguments, needs = [draw(st.sampled_from(out))], []
    for parameter, default in signature.items():
        values = GIVEN[parameter]
        required = "=" not in default
        if not required and draw(st.booleans()):
            continue
        if inside and draw(st.booleans()):
            arguments.append(f"{parameter}={parameter}")
            needs.append(parameter)
        else:
            arguments.append(f"{parameter}={draw(st.sampled_from(values))}")
    return f"{name}({', '.join(arguments)})", needs


@st.composite
def block_networks(draw: st.DrawFn) -> Network:
    """The network of such a text. Its `settings` are its params."""
    text = draw(specs())
    compilation = compile(Source("drawn.net", text))
    for diagnostic in compilation.report:
        assert diagnostic.code in REFUSED, f"{text}\n{diagnostic}"
    if compilation.network is None or not compilation.network.complete:
        reject()
    return compilation.network
