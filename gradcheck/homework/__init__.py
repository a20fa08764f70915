"""Somebody's homework file: load it, run the named checks on it, say what is wrong."""
