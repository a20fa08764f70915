"""Vectors and losses, drawn."""
