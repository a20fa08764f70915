"""Derivatives along a line, by finite differences whose error bound holds."""
