"""A claimed gradient against the loss, along random directions."""
