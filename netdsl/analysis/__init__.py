"""What can be said about a spec, and done to its text. The folders are parts that do not import each other; the modules
beside them are shared by all parts."""
