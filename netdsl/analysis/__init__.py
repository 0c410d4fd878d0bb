"""What can be said of a spec, and done to its text. The parts are blind to each other."""
