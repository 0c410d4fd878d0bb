"""What each framework calls its layers, and a small network as it is written there.

This is data, of which the pages "coming from ..." are made. `layer` and `call` say what the names and calls are here.
"""

from __future__ import annotations

from typing import NamedTuple


class Framework(NamedTuple):
    """A framework: its layers and joins as it spells them, and the lines that build a small network there.

    Where the lines are calls, `call` translates them; else `spec` is the same network here. `arguments` are those that
    the layers take, where no call is known that says so. `remarks` are the differences that a name does not tell.
    `input` is that of the network, and `language` what its lines are written in.
    """

    layers: tuple[str, ...]
    lines: tuple[str, ...]
    input: str
    language: str = "python"
    spec: str = ""
    arguments: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


FRAMEWORKS: dict[str, Framework] = {
    "PyTorch": Framework(
        (
            "nn.Conv1d", "nn.Conv2d", "nn.Conv3d", "nn.LazyConv2d", "nn.ConvTranspose2d", "nn.MaxPool2d",
            "nn.AvgPool2d", "nn.AdaptiveAvgPool2d", "nn.AdaptiveMaxPool2d", "nn.MaxUnpool2d", "nn.Linear",
            "nn.LazyLinear", "nn.Flatten", "nn.BatchNorm1d", "nn.BatchNorm2d", "nn.GroupNorm", "nn.LayerNorm",
            "nn.InstanceNorm2d", "nn.LocalResponseNorm", "nn.Dropout", "nn.Dropout2d", "nn.ReLU", "nn.ReLU6",
            "nn.LeakyReLU", "nn.PReLU", "nn.ELU", "nn.SELU", "nn.CELU", "nn.GELU", "nn.SiLU", "nn.Mish", "nn.Hardswish",
            "nn.Hardsigmoid",
            "nn.Hardtanh", "nn.Sigmoid", "nn.Tanh", "nn.Tanhshrink", "nn.LogSigmoid", "nn.GLU", "nn.Softmax",
            "nn.LogSoftmax", "nn.Softplus", "nn.Softsign", "nn.Upsample", "F.interpolate", "nn.PixelShuffle",
            "nn.ZeroPad2d", "nn.ReflectionPad2d", "nn.ReplicationPad2d", "nn.Embedding", "nn.MultiheadAttention",
            "nn.RNN", "nn.LSTM", "nn.GRU", "nn.Identity", "nn.Sequential", "nn.ModuleList", "torch.cat", "torch.split",
            "torch.chunk", "torch.permute", "torch.clamp", "torch.maximum", "torch.matmul", "nn.CrossEntropyLoss",
            "nn.MSELoss",
        ),
        (
            "nn.Conv2d(1, 6, 5)", "nn.Tanh()", "nn.AvgPool2d(2)", "nn.Conv2d(6, 16, 5)", "nn.Tanh()", "nn.AvgPool2d(2)",
            "nn.Flatten()", "nn.Linear(400, 120)", "nn.Tanh()", "nn.Linear(120, 84)", "nn.Tanh()", "nn.Linear(84, 10)",
        ),
        "1x32x32",
        remarks=(
            "A convolution pads nothing in PyTorch unless asked; here an odd kernel keeps the plane (`pad=same`).",
            "A pooling without a stride has its window's in both.",
            "`forward` is not written: the value of a line flows into the next, and `@label` calls one from before.",
            "A network ends with `softmax`; the compiled module gives the logits, which PyTorch's losses expect.",
        ),
    ),
    "Keras": Framework(
        (
            "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D",
            "AveragePooling2D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Dense", "Flatten", "Reshape",
            "BatchNormalization", "LayerNormalization", "GroupNormalization", "Dropout", "SpatialDropout2D",
            "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "UpSampling2D", "ZeroPadding2D", "Cropping2D",
            "Permute", "Embedding", "MultiHeadAttention", "SimpleRNN", "LSTM", "GRU", "Bidirectional", "Concatenate",
            "Add", "Subtract", "Multiply", "Maximum", "Average",
        ),
        (
            "Conv2D(6, 5, activation='tanh')", "AveragePooling2D(2)", "Conv2D(16, 5, activation='tanh')",
            "AveragePooling2D(2)", "Dense(120, activation='tanh')", "Dense(84, activation='tanh')", "Dense(10)",
        ),
        "1x32x32",
        remarks=(
            "Keras pads nothing by default (`valid`); here `same` is the default of convolutions, and TensorFlow's "
            "`same` is `pad=tf`, which pads below and to the right where it does not come out even.",
            "Channels come first, as in the papers: `input 3x224x224`.",
            "`fc` flattens what is a map by itself, but in the order of channels, rows, columns.",
            "Batch normalization's eps is 1e-3 in Keras and 1e-5 here: `default bn(eps=1e-3)`.",
        ),
    ),
    "Caffe": Framework(
        (
            "Convolution", "Deconvolution", "Pooling", "InnerProduct", "LRN", "BatchNorm", "Scale", "Dropout", "ReLU",
            "PReLU", "ELU", "Sigmoid", "TanH", "Softmax", "SoftmaxWithLoss", "Flatten", "Reshape", "Concat", "Eltwise",
            "Slice", "Crop", "Embed", "RNN", "LSTM",
        ),
        (
            "layer { name: \"conv1\" type: \"Convolution\"", "  convolution_param {",
            "    num_output: 20 kernel_size: 5 } }",
            "layer { name: \"pool1\" type: \"Pooling\"", "  pooling_param {",
            "    pool: MAX kernel_size: 2 stride: 2 } }",
            "layer { name: \"ip1\" type: \"InnerProduct\"", "  inner_product_param { num_output: 500 } }",
            "layer { name: \"relu1\" type: \"ReLU\" }",
            "layer { name: \"ip2\" type: \"InnerProduct\"", "  inner_product_param { num_output: 10 } }",
            "layer { name: \"prob\" type: \"Softmax\" }",
        ),
        "1x28x28",
        "text",
        "conv1: conv5-20(pad=0)\nmaxpool(ceil=true)\nip1: fc-500(act=relu)\nip2: fc-10\nsoftmax\n",
        remarks=(
            "Caffe's pooling rounds sizes up: `default maxpool(ceil=true)`.",
            "Caffe's `BatchNorm` only normalizes, and `Scale` behind it learns: together they are `bn`.",
            "`bottom` and `top` are not written: values flow, and `@label` calls one from before.",
        ),
    ),
    "Darknet": Framework(
        (
            "convolutional", "connected", "maxpool", "avgpool", "dropout", "route", "shortcut", "reorg", "upsample",
            "softmax", "gru", "lstm",
        ),
        (
            "[convolutional]", "batch_normalize=1", "filters=32", "size=3", "stride=1", "pad=1", "activation=leaky", "",
            "[maxpool]", "size=2", "stride=2", "", "[convolutional]", "batch_normalize=1", "filters=64", "size=3",
            "stride=1", "pad=1", "activation=leaky", "", "[avgpool]", "", "[softmax]",
        ),
        "3x32x32",
        "ini",
        "default conv(norm=bn, act=leakyrelu(0.1), bias=false)\nconv3-32\nmaxpool\nconv3-64\ngap\nsoftmax\n",
        ("filters", "size", "stride", "groups", "batch_normalize", "activation"),
        remarks=(
            "Darknet's `pad=1` means half the kernel, which is `pad=same`, the default here.",
            "Darknet's leaky rectifier has the slope 0.1: `default conv(act=leakyrelu(0.1))`.",
            "With `batch_normalize=1` a convolution has no bias: `norm=bn, bias=false`.",
            "`route` and `shortcut` count layers backwards; here a layer is called by its label.",
            "Darknet's `avgpool` is over the whole plane: `gap`.",
        ),
    ),
}  # fmt: skip
