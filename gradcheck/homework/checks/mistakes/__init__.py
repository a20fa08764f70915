"""Mistakes that people make: one table of them, and the naming of one that a file has."""
