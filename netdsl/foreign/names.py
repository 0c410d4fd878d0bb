"""Names of layers, arguments and statements in PyTorch, Keras, Caffe, Darknet and papers, and how netdsl writes them.

Users who come from there write these names, and messages then say what to write instead. This is data: another name is
one more line. Names are looked up in any case and without their module (`nn.Conv2d` is `conv2d`).
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Layer(NamedTuple):
    """How netdsl writes a layer that has another name elsewhere, with a few words on what differs; for what it does not
    have, `written` is empty.

    `same` is the operator that does exactly this with default arguments; `known` says that the number which the layer
    is given elsewhere (its channels) follows from the input here.
    """

    written: str
    words: str = ""
    same: str | None = None
    known: bool = False

    @property
    def outside(self) -> bool:
        """Whether there is no way to write it."""
        return not self.written

    @property
    def help(self) -> str:
        said = f"netdsl writes {self.written}" if self.written else ""
        return ": ".join(filter(None, (said, self.words)))


_CONV = Layer("`conv3-64/2`", "the kernel, the output channels, the stride; the input channels are known")
_UPCONV = Layer("`upconv2-64/2`", "the kernel, the output channels, the stride")
_DWCONV = Layer("`dwconv3/2`", "the kernel, the stride; it keeps the channels")
_MAXPOOL = Layer("`maxpool3/2`", "the window, the stride; `maxpool` alone is 2/2", "maxpool")
_AVGPOOL = Layer("`avgpool3/2`", "the window, the stride; `avgpool` alone is 2/2", "avgpool")
_GAP = Layer("`gap`, global average pooling", same="gap")
_GMP = Layer("`gmp`, global max pooling", same="gmp")
_FC = Layer("`fc-1000`", "the features that come out; those that come in are known")
_BN = Layer("`bn`", "the channels are known", "bn", known=True)
_LOSS = Layer("`train(loss=cross_entropy)`", "a loss is part of the recipe, not a layer")
_ACT = Layer("`relu`, or `conv3-64(act=relu)`", "an activation is a layer by its own name, or an argument")

_BOXES = Layer("", "what chooses among boxes is no layer here, and belongs behind the network")
_PLACES = Layer("", "layers whose places are computed from values are outside of the language")
_DRAWN = Layer("", "numbers drawn at random are outside of the language, but for `dropout` and `droppath`")
_OTHER_LOSS = Layer("", "a loss is part of the recipe, `train(loss=...)`, and this one is not among them")
_QUOTIENT = Layer("", "a quotient of two values is outside of the language; what divides are the norms and `softmax`")
_GRN = Layer("a block of `gap`, `sqrt` and `lrn` over all channels", "the reference has it, under what is in sight")
_NOT_HERE = Layer("", "it is outside of the language: `netdsl ops` lists what there is")

LAYERS: dict[str, Layer] = {
    # convolutions
    "conv2d": _CONV,
    "conv1d": Layer("`conv3-64`", "on a signal of channels x length, as the input says"),
    "conv3d": Layer("`conv3-64`", "on a clip of channels x depth x height x width, as the input says"),
    "convolution2d": _CONV,
    "convolutional": _CONV,
    "lazyconv2d": _CONV,
    "convtranspose2d": _UPCONV,
    "convtranspose": _UPCONV,
    "conv2dtranspose": _UPCONV,
    "deconv": _UPCONV,
    "deconvolution": _UPCONV,
    "depthwiseconv": _DWCONV,
    "depthwiseconv2d": _DWCONV,
    "separableconv2d": Layer("`dwconv3; conv1-64`", "depthwise, then pointwise"),
    # pooling
    "pool": Layer("`maxpool3/2` or `avgpool3/2`", "the window, the stride"),
    "pooling": Layer("`maxpool3/2` or `avgpool3/2`", "the window, the stride"),
    "maxpool2d": _MAXPOOL,
    "maxpooling2d": _MAXPOOL,
    "max_pool2d": _MAXPOOL,
    "avgpool2d": _AVGPOOL,
    "averagepooling2d": _AVGPOOL,
    "avg_pool2d": _AVGPOOL,
    "adaptiveavgpool2d": Layer("`gap`, or `avgpool(to=7x7)` for another size than 1x1"),
    "adaptivemaxpool2d": Layer("`gmp`, or `maxpool(to=7x7)` for another size than 1x1"),
    "globalaveragepooling2d": _GAP,
    "globalavgpool2d": _GAP,
    "globalavgpool": _GAP,
    "globalaveragepool": _GAP,
    "global_avg_pool": _GAP,
    "global_average_pool": _GAP,
    "globalmaxpooling2d": _GMP,
    "globalmaxpool": _GMP,
    # fully connected
    "innerproduct": _FC,
    "connected": _FC,
    "lazylinear": _FC,
    # normalization, regularization
    "batchnorm2d": _BN,
    "batchnorm1d": _BN,
    "batchnormalization": _BN,
    "batch_norm": _BN,
    "norm": Layer("`bn`, `ln`, `gn(32)` or `lrn`", "which normalization it is"),
    "normalization": Layer("`bn`, `ln`, `gn(32)` or `lrn`", "which normalization it is"),
    "localresponsenorm": Layer("`lrn(5)`", "the number of channels it looks at"),
    "groupnorm": Layer("`gn(32)`", "the number of groups; the channels are known"),
    "groupnormalization": Layer("`gn(32)`", "the number of groups; the channels are known"),
    "layernorm": Layer("`ln`", "over the channels at each place; their number is known", "ln", known=True),
    "layernormalization": Layer("`ln`", "over the channels at each place; their number is known", "ln"),
    "instancenorm2d": Layer("`instancenorm`", "the channels are known", "instancenorm", known=True),
    "dropout2d": Layer("`dropout(50%, per=channel)`"),
    "spatialdropout2d": Layer("`dropout(50%, per=channel)`"),
    # activations
    "activation": _ACT,
    "act": _ACT,
    "leaky": Layer("`leakyrelu(0.1)`", "with its slope"),
    # rearrangement
    "view": Layer("`flatten`, or `reshape(64x7x7)`"),
    "zeropadding2d": Layer("`pad(1)`, or `conv3-64(pad=1)`"),
    "zeropad2d": Layer("`pad(1)`, or `conv3-64(pad=1)`"),
    "cropping2d": Layer("`crop(1)`"),
    "upsampling2d": Layer("`upsample(2)`"),
    "interpolate": Layer("`upsample(2)`, or `upsample(to=56x56)`"),
    "pixelshuffle": Layer("`pixelshuffle(2)`"),
    "depth_to_space": Layer("`pixelshuffle(2, order=hwc)`", "in TensorFlow's order of channels"),
    "space_to_depth": Layer("`pixelunshuffle(2, order=hwc)`", "in TensorFlow's order of channels"),
    "reorg": Layer("`pixelunshuffle(2, order=darknet)`", "in Darknet's order of channels"),
    "maxunpool": Layer("`unpool(@pool1)`", "with the label of the pooling that it undoes"),
    "permute": Layer(
        "`transpose`, or `reshape(64x7x7)`", "it exchanges channels and tokens; reshaping exchanges nothing"
    ),
    "clip": Layer("`hardtanh(0, 6)`", "with its bounds"),
    "clamp": Layer("`hardtanh(0, 6)`", "with its bounds"),
    "reflectionpad": Layer("`pad(1, mode=reflect)`"),
    "replicationpad": Layer("`pad(1, mode=replicate)`"),
    "multiheadattention": Layer("`attention(8)`", "the number of heads; the features are known"),
    "selfattention": Layer("`attention(8)`", "the number of heads; the features are known"),
    "swapaxes": Layer("`transpose`", "it exchanges channels and positions of a sequence; other axes are not exchanged"),
    "simplernn": Layer("`rnn-256`", "the size of the state; it gives all steps"),
    "embed": Layer("`embedding-512`", "the features of each token; how many tokens there are is said by the input"),
    "bidirectional": Layer("`lstm-256(both=true)`"),
    "positionalencoding": Layer("`positions(kind=sine)`"),
    "split": Layer("`slice(0, 64)`", "the channels from one number to another, a branch for each part"),
    "chunk": Layer("`slice(0, 64)`", "the channels from one number to another, a branch for each part"),
    "resize": Layer("`upsample(to=56x56)`"),
    # activations that are compositions, or that there are not
    "glu": Layer("`mul { slice(0, channels / 2) | slice(channels / 2); sigmoid }`"),
    "tanhshrink": Layer("`add { identity | tanh; scale(-1) }`"),
    "logsigmoid": Layer("", "there is no log-sigmoid; a loss works on logits, and is part of the recipe"),
    "rrelu": Layer(
        "", "slopes drawn at random are outside of the language; `leakyrelu(0.23)` is what it is in evaluation"
    ),
    # what is outside of the language
    **dict.fromkeys(("nms", "non_max_suppression", "proposal", "anchor", "anchors", "priorbox", "detect"), _BOXES),
    **dict.fromkeys(("roialign", "roipool", "psroipool", "gridsample", "affinegrid", "stn", "deformconv2d"), _PLACES),
    **dict.fromkeys(("gather", "scatter", "topk", "sort", "argmax", "argmin", "one_hot", "masked_fill"), _PLACES),
    **dict.fromkeys(("sample", "sampling", "reparameterize", "gumbelsoftmax", "gaussiannoise", "noise"), _DRAWN),
    **dict.fromkeys(("vq", "quantize", "vectorquantizer", "beamsearch"), _PLACES),
    **dict.fromkeys(("div", "divide", "division", "quotient", "reciprocal"), _QUOTIENT),
    **dict.fromkeys(("grn", "globalresponsenorm"), _GRN),
    **dict.fromkeys(("dcn", "dcnv2", "deformableconv2d", "deformable_conv", "deform_conv"), _PLACES),
    "involution": _NOT_HERE,
    "roll": Layer("", "maps are not rolled round; `attention(4, window=7, shift=3)` moves its windows"),
    "blurpool": Layer("`avgpool2/1; avgpool2`", "the kernel [1, 2, 1], and every second pixel of it"),
    "correlation": Layer("", "the correlation of two maps at shifted places is outside of the language"),
    **dict.fromkeys(("ctc", "ctcloss", "triplet_loss", "focal_loss", "dice_loss"), _OTHER_LOSS),
    **dict.fromkeys(("fft", "rfft", "cumsum", "einsum", "unfold", "fold", "im2col", "col2im"), _NOT_HERE),
    **dict.fromkeys(("convlstm", "convlstmcell", "convgru", "spectralnorm", "weightnorm", "switchablenorm"), _NOT_HERE),
    **dict.fromkeys(("filterresponsenorm", "dropblock", "gaussiandropout", "alphadropout"), _NOT_HERE),
    # compositions
    "reglu": Layer("`mul { slice(0, channels / 2) | slice(channels / 2); relu }`"),
    "geglu": Layer("`mul { slice(0, channels / 2) | slice(channels / 2); gelu }`"),
    "swiglu": Layer("`mul { slice(0, channels / 2) | slice(channels / 2); silu }`"),
    "quickgelu": Layer("`mul { identity | scale(1.702); sigmoid }`"),
    "crelu": Layer("`concat { relu | scale(-1); relu }`"),
    "maxout": Layer("`max { conv3-64 | conv3-64 }`", "the pieces are branches"),
    "thresholdedrelu": Layer("", "a rectifier with a threshold is outside of the language; `relu` has none"),
    "pow": Layer("`mul { identity | identity }`", "a square; `sqrt` is the root"),
    "square": Layer("`mul { identity | identity }`"),
    "abs": Layer("`max { identity | scale(-1) }`"),
    "neg": Layer("`scale(-1)`"),
    "power": Layer("`scale(2, shift=1)`", "an affine map with constants; a square is `mul { identity | identity }`"),
    "log": Layer("", "a logarithm is outside of the language; `logsoftmax` is one of probabilities"),
    "dot": Layer("`matmul { @a | @b }`"),
    "bmm": Layer("`matmul { @a | @b }`"),
    "min": Layer("`max { @a; scale(-1) | @b; scale(-1) }; scale(-1)`"),
    "sum": Layer("`add { @a | @b }`", "the branches stand in braces, with `|` between"),
    "stack": Layer("`concat { @a | @b }`", "the branches stand in braces, with `|` between"),
    "crossattention": Layer("`attention(8) { @a | @b }`", "where the queries come from, and where keys and values do"),
    "windowattention": Layer("`attention(4, window=7)`", "with `shift=3`, `relative_bias=true` as in Swin"),
    "transformerencoderlayer": Layer(
        "`residual { ln; attention(8) }; residual { ln; pointwise-2048(act=gelu); pointwise-512 }`", "as in a block"
    ),
    "transformerencoder": Layer(
        "`residual { ln; attention(8) }; residual { ln; pointwise-2048(act=gelu); pointwise-512 }`",
        "as in a block, `x12`",
    ),
    "patchembed": Layer("`conv16-768/16(pad=valid); tokens`"),
    "clstoken": Layer("`class_token`"),
    "classtoken": Layer("`class_token`"),
    "selayer": Layer("`se`", "squeeze-and-excitation of the standard library"),
    "seblock": Layer("`se`", "squeeze-and-excitation of the standard library"),
    "squeezeexcite": Layer("`se`", "squeeze-and-excitation of the standard library"),
    "nonlocal": Layer("`residual { attention(1) }`", "attention over all places of the map"),
    "mbconv": Layer(
        "`inverted_residual(24, expansion=6)`", "MobileNetV2's; EfficientNet's has a `squeeze_excitation(8)` in it"
    ),
    "fusedmbconv": Layer("`residual(act=none, shortcut=same) { conv3-96(norm=bn, act=silu); conv1-24(norm=bn) }`"),
    "denseblock": Layer("`dense_layer(32) x6`", "the standard library has the layer; a block is a stack of them"),
    "focus": Layer("`pixelunshuffle(2)`", "four pixels become four times the channels"),
    "spp": Layer("`concat { identity | maxpool5/1(pad=2) | maxpool9/1(pad=4) | maxpool13/1(pad=6) }`"),
    "aspp": Layer("`concat { conv1-256 | conv3-256(dilation=6) | conv3-256(dilation=12) | conv3-256(dilation=18) }`"),
    "lambda": Layer("", "a spec is data and has no code; what there is, is written with operators: `netdsl ops`"),
    "squeeze": Layer("`flatten`", "a plane of 1x1 goes"),
    "unsqueeze": Layer("`reshape(64x1x1)`"),
    "unflatten": Layer("`reshape(64x7x7)`"),
    "timedistributed": Layer("`pointwise-64`", "a layer on each token"),
    "masking": Layer("", "sequences have one length here; what is masked is left out before"),
    "multiply": Layer("`mul { @a | @b }`", "the branches stand in braces, with `|` between"),
    "frozenbatchnorm2d": Layer("`bn(frozen=true)`"),
    "syncbatchnorm": Layer("`bn`", "how devices share statistics is no part of the architecture", "bn", known=True),
    "crossmaplrn2d": Layer("`lrn(5)`", "the number of channels it looks at"),
    "normalize": Layer("`l2norm`, or `bn`, `ln`, `gn(32)`", "which normalization it is"),
    "upsamplingnearest2d": Layer("`upsample(2)`"),
    "upsamplingbilinear2d": Layer("`upsample(2, mode=bilinear)`"),
    "constantpad2d": Layer("`pad(1)`"),
    "circularpad2d": Layer("`pad(1, mode=circular)`"),
    # joins and branches
    "maximum": Layer("`max { @a | @b }`", "the branches stand in braces, with `|` between"),
    "average": Layer("`mean { @a | @b }`", "the branches stand in braces, with `|` between"),
    "reduce_mean": Layer("`gap`, or `reduce(mean)`", "over the plane, or over the channels"),
    "reduce_max": Layer("`gmp`, or `reduce(max)`", "over the plane, or over the channels"),
    "subtract": Layer("`add { @a | @b; scale(-1) }`"),
    "sub": Layer("`add { @a | @b; scale(-1) }`"),
    "cat": Layer("`concat { conv1-64 | conv3-64 }`", "the branches stand in braces, with `|` between"),
    "eltwise": Layer("`add { conv3-64 | identity }`", "the branches stand in braces, with `|` between"),
    "route": Layer("`@conv1`, or `concat { @conv1 | identity }`", "a layer is called by its label"),
    "shortcut": Layer("`residual { conv3-64 x2 }`, or `add { @conv1 | identity }`"),
    "skip": Layer("`residual { conv3-64 x2 }`, or `add { @conv1 | identity }`"),
    "sequential": Layer("`{ conv3-64; relu }`", "layers follow each other by themselves"),
    "modulelist": Layer("`{ conv3-64; relu }`", "layers follow each other by themselves"),
    # losses
    "loss": _LOSS,
    "cross_entropy": _LOSS,
    "crossentropy": _LOSS,
    "crossentropyloss": _LOSS,
    "softmaxwithloss": Layer("`softmax`, and `train(loss=cross_entropy)`", "the loss is part of the recipe"),
    "mseloss": Layer("`train(loss=mse)`", "a loss is part of the recipe, not a layer"),
}
"""Layers by their names elsewhere, in lower case."""

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "kernel_size": ("kernel",),
    "kernel_shape": ("kernel",),
    "ksize": ("kernel",),
    "pool_size": ("kernel",),
    "filter_size": ("kernel",),
    "size": ("kernel", "to"),
    "gamma": ("scale",),
    "center": ("offset",),
    "beta_initializer": ("bias_init",),
    "track_running_stats": ("running",),
    "output_padding": ("out_pad",),
    "window": ("kernel",),
    "out_channels": ("channels",),
    "filters": ("channels",),
    "num_filters": ("channels",),
    "num_output": ("channels", "features"),
    "width": ("channels",),
    "units": ("features",),
    "out_features": ("features",),
    "neurons": ("features",),
    "num_classes": ("features",),
    "strides": ("stride",),
    "padding": ("pad",),
    "pads": ("pad",),
    "dilation_rate": ("dilation",),
    "group": ("groups",),
    "num_groups": ("groups",),
    "use_bias": ("bias",),
    "bias_term": ("bias",),
    "activation": ("act",),
    "nonlinearity": ("act",),
    "normalization": ("norm",),
    "batch_normalize": ("norm",),
    "kernel_initializer": ("init",),
    "weight_filler": ("init",),
    "ceil_mode": ("ceil",),
    "count_include_pad": ("count_pad",),
    "output_size": ("to",),
    "scale_factor": ("factor",),
    "scale": ("factor",),
    "negative_slope": ("slope",),
    "alpha": ("slope",),
    "rate": ("p", "dilation"),
    "dropout_ratio": ("p",),
    "prob": ("p",),
    "epsilon": ("eps",),
    "local_size": ("size",),
    "n": ("size",),
    "bias": ("k",),
    "bidirectional": ("both",),
    "num_layers": ("layers",),
    "hidden_size": ("units",),
    "embedding_dim": ("units",),
    "num_heads": ("heads",),
    "nhead": ("heads",),
    "n_heads": ("heads",),
    "embed_dim": ("dim",),
    "d_model": ("dim",),
    "is_causal": ("causal",),
    "window_size": ("window",),
    "shift_size": ("shift",),
    "qkv_bias": ("bias",),
    "attn_drop": ("dropout",),
    "upscale_factor": ("factor",),
    "downscale_factor": ("factor",),
    "drop_prob": ("p",),
    "drop_rate": ("p",),
    "learning_rate": ("lr",),
    "weight_decay_rate": ("weight_decay",),
    "batch_size": ("batch",),
}
"""Arguments by their names elsewhere, and their names here; the first one that the operator has is meant."""

NEEDLESS: dict[str, str] = {
    "affine": "without learned factors and offsets it is `scale=false, offset=false`",
    "elementwise_affine": "without learned factors and offsets it is `scale=false, offset=false`",
    "num_parameters": "the channels are known; a slope for each of them is `prelu(per_channel=true)`",
    "in_channels": "the channels that come in are known: leave it out",
    "in_features": "the features that come in are known: leave it out",
    "num_features": "the channels that come in are known: leave it out",
    "num_channels": "the channels that come in are known: leave it out",
    "input_shape": "the shape that comes in is known: leave it out, and begin the file with `input 3x224x224`",
    "input_dim": "the features that come in are known: leave it out",
    "decay": "it is `momentum` here, the share of the new batch: 1 less that decay",
    "keep": "what is dropped is said, not what is kept: `dropout(20%)` keeps 80%",
    "keep_prob": "what is dropped is said, not what is kept: `dropout(20%)` keeps 80%",
    "batch_first": "a sequence is always C x T, the batch in front of it: leave it out",
    "return_sequences": "all steps are returned; `token(-1)` takes the last",
    "input_size": "the features that come in are known: leave it out",
    "normalized_shape": "the features that come in are known: leave it out",
    "inplace": "how memory is used is no part of the architecture: leave it out",
    "dim": "it always works along the channels or features: leave it out",
    "axis": "it always works along the channels or features: leave it out",
    "data_format": "channels always come first: leave it out",
    "padding_mode": "convolutions pad with zeros only; another padding is a layer before it: `netdsl ops pad`",
    "name": "a name stands in front of the layer, as its label: `conv1: conv3-64`",
    "type": "the operator says it: leave it out",
}
"""Arguments that netdsl does not have, and why not."""

STATEMENTS: dict[str, str] = {
    "import": "a spec is data and imports nothing: leave the line out",
    "from": "a spec is data and imports nothing: leave the line out",
    "class": "a network begins with `net NAME`, and its layers stand below",
    "def": "a block is written `block fire(squeeze, expand) { conv1-squeeze; conv3-expand }`",
    "return": "the value of the last layer is the output: leave the line out",
    "for": "a repetition stands behind the layer: `conv3-64 x3`, or `{ conv3-64; relu } x3`",
    "while": "a repetition stands behind the layer: `conv3-64 x3`, or `{ conv3-64; relu } x3`",
    "repeat": "a repetition stands behind the layer: `conv3-64 x3`, or `{ conv3-64; relu } x3`",
    "switch": "a choice is written `if n == 3 { ... } else if n == 4 { ... } else { ... }`",
    "match": "a choice is written `if n == 3 { ... } else if n == 4 { ... } else { ... }`",
    "case": "a choice is written `if n == 3 { ... } else if n == 4 { ... } else { ... }`",
    "function": "a block is written `block fire(squeeze, expand) { conv1-squeeze; conv3-expand }`",
    "fn": "a block is written `block fire(squeeze, expand) { conv1-squeeze; conv3-expand }`",
    "elif": "write `else if`",
    "elseif": "write `else if`",
    "layer": "a layer is one line: its label if need be, its operator, its arguments: `conv1: conv3-64(pad=1)`",
    "layers": "layers are lines that follow each other: `conv1: conv3-64(pad=1)`",
    "let": "a value is written `param classes = 1000`",
    "var": "a value is written `param classes = 1000`",
    "const": "a value is written `param classes = 1000`",
    "print": "a spec is data and does nothing; `netdsl summary` prints the layers",
}
"""Words that statements begin with elsewhere, and what to write here."""

PHRASES: dict[str, str] = {
    "batch norm": "bn",
    "batch normalization": "bn",
    "layer norm": "ln",
    "local response norm": "lrn",
    "local response normalization": "lrn",
    "response normalization": "lrn",
    "global average pool": "gap",
    "global average pooling": "gap",
    "global avg pool": "gap",
    "global avgpool": "gap",
    "global pool": "gap",
    "global max pool": "gmp",
    "global max pooling": "gmp",
    "leaky relu": "leakyrelu",
    "drop out": "dropout",
    "soft max": "softmax",
    "group norm": "gn",
    "up conv": "upconv",
}
"""Layers that papers write in several words, and their names here."""

JOINS: dict[str, str] = {
    "concatenate": "concat",
    "concatenation": "concat",
    "cat": "concat",
    "merge": "concat",
    "parallel": "concat",
    "sum": "add",
    "plus": "add",
    "eltwise": "add",
    "multiply": "mul",
    "times": "mul",
    "maximum": "max",
    "average": "mean",
}
"""Joins of branches by their names elsewhere."""

FUNCTIONS: dict[str, str] = {
    "make_divisible": "write `round_to(width * 0.75, 8)`: the value, and what it is to be a multiple of",
    "makedivisible": "write `round_to(width * 0.75, 8)`: the value, and what it is to be a multiple of",
    "round_filters": "write `round_to(width * 0.75, 8)`: the value, and what it is to be a multiple of",
    "round_channels": "write `round_to(width * 0.75, 8)`: the value, and what it is to be a multiple of",
    "round_repeats": "write `ceil(n * depth)`",
    "int": "write `floor(...)`, which leaves off what is behind the point of a positive number",
    "float": "numbers need no conversion: leave it out",
    "str": "numbers need no conversion: a name is written `s{i}`",
    "abs": "write `max(n, -n)`",
    "sqrt": "write `n ** 0.5`",
    "pow": "write `n ** 2`",
    "log2": "a logarithm is not computed: give the number as a param",
    "log": "a logarithm is not computed: give the number as a param",
    "exp": "write `2.718281828 ** n`",
    "sum": "a list is not summed: give the sum as a param",
    "mod": "write `n % 2`",
    "div": "write `n // 2`",
    "range": "a repetition counts: `conv3-64 x4 as i`",
    "enumerate": "a repetition counts: `conv3-{widths[i]} x{len(widths)} as i`",
    "zip": "lists are read by one index: `conv{kernels[i]}-{widths[i]} x{len(widths)} as i`",
    "size": "write `len(...)` for how many elements a list has, `channels` or `height` for the current value",
    "shape": "the sizes of the current value are `channels`, `height` and `width`",
    "length": "write `len(...)`",
}
"""Functions of numbers by their names elsewhere, and what to write here."""

QUANTITIES: dict[str, str] = {
    "flops": "`macs` counts multiply-adds; a paper that counts both operations of each prints twice as many FLOPs",
    "mult_adds": "multiply-adds are `macs` here",
    "madds": "multiply-adds are `macs` here",
    "multiadds": "multiply-adds are `macs` here",
    "parameters": "the number of parameters is `params` here",
    "weights": "the number of parameters is `params` here",
    "layers": "`depth` counts the weight layers on the longest path",
}
"""Figures by their names elsewhere."""


def plain(name: str) -> str:
    """A name without its module, in lower case, without `_` and without the rank at its end: `max_pool2d` and
    `MaxPool2d` are one name."""
    return re.sub(r"[123]d(?=$|transpose$)", "", name.rpartition(".")[2].lower().replace("_", ""))


def layer(name: str) -> Layer | None:
    """What netdsl writes for a layer called `name`, in whatever way it is spelt: `nn.Conv2d`, `MaxPooling2D`."""
    exact = LAYERS.get(name.rpartition(".")[2].lower())
    return exact or _PLAIN.get(plain(name))


_PLAIN = {plain(name): found for name, found in reversed(LAYERS.items())}
"""The layers by their plain names; of several the first, which is the usual one."""
