"""Run a module that `netdsl compile` wrote, once, on random input.

    python examples/run_source.py vgg19.py 3x224x224

The source stands alone on torch; this script knows nothing of netdsl either.
"""

import runpy
import sys

import torch
from torch import nn

path, shape = sys.argv[1], tuple(map(int, sys.argv[2].split("x")))
names = runpy.run_path(path, run_name="network")
# The network is the last class of the file: its blocks come before it.
network = [each for each in names.values() if isinstance(each, type) and issubclass(each, nn.Module)][-1]
model = network().eval()
with torch.no_grad():
    output = model(torch.randn(1, *shape))
params = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
print(f"{network.__name__}: {params:,} parameters, input {(1, *shape)}, output {tuple(output.shape)}")
