"""PyTorch source that is compiled for a purpose: the plain module's outputs, computed in another way.

A network becomes the plan of its evaluation (`graph`), which the passes of `passes/` change, one file each. `write`
gives source of it, whose constructor makes the tensors that it needs of the plain module's `state_dict`.
"""
