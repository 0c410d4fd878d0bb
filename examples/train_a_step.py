"""Write a network down, build it, and train it for a few steps on a made-up task.

python examples/train_a_step.py
"""

import torch
from torch import nn

import netdsl

SPEC = """
net Tiny
input 1x8x8
default conv(norm=bn, bias=false, act=relu)

conv3-8
[3x3, 8; 3x3, 8] x2
[3x3, 16; 3x3, 16] /2     -> 16x4x4
gap; fc: fc-2

expect depth = 8
"""


def main(steps: int = 40) -> float:
    torch.manual_seed(0)
    model = netdsl.build(netdsl.loads(SPEC))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loss_function = nn.CrossEntropyLoss()
    first = last = 0.0
    for step in range(steps):
        images = torch.randn(32, 1, 8, 8)
        labels = (
            images[:, 0, :4].mean(dim=(1, 2)) > images[:, 0, 4:].mean(dim=(1, 2))
        ).long()  # is the upper half brighter?
        loss = loss_function(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        last = loss.item()
        first = first if step else last
    print(f"loss {first:.2f} at first, {last:.2f} after {steps} steps")
    return first - last


if __name__ == "__main__":
    main()
