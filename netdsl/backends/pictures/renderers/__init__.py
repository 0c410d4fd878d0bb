"""Writers of pictures and drawings: one file for each format."""
