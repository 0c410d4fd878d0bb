"""Ways to draw a network: one file for each style, with `draw`, and `picture` where a graph can be written of it."""
