"""The results of the checks of a file, as data and to be read."""
