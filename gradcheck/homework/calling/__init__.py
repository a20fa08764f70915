"""Calls of a course's functions, with doubles for all that they use."""
