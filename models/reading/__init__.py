"""Texts, and what a corpus makes of them."""
