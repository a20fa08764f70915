"""A document: blocks, and each way of showing them."""
