"""Sessions in files: what is written, where, and on which machine."""
