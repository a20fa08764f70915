"""One question, and one answer: whether a gradient is that of a loss."""
