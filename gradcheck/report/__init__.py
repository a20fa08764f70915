"""The findings of a check, as data and to be read."""
