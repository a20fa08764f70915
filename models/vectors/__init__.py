"""Trained vectors: their files, their neighbours, their tests."""
