"""The named checks of a homework file, and the cases that they see."""
