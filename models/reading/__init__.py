"""Texts, and the corpora made of them."""
