"""How a network is trained, as its paper says it: the vocabulary of `train(...)`, and what a whole recipe is.

A loss, an optimizer, a schedule, an augmentation is a frozen model whose fields are its settings, as an operator's
fields are its arguments; each kind has its file, and a new one is one new class there. Nothing here trains: what the
words mean to PyTorch is said in `netdsl.training`.
"""

from netdsl.recipe.part import Part, RecipeError
from netdsl.recipe.recipe import KINDS, NAMES, Recipe, checked, find, member, overridden

__all__ = ["KINDS", "NAMES", "Part", "Recipe", "RecipeError", "checked", "find", "member", "overridden"]
