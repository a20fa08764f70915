"""Index notation as people write it."""
