"""Derivatives along a line, by finite differences with an error bound that holds."""
