"""What came of the checks of a file, and how it reads."""
