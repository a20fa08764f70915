"""One judge of an equation: both sides in one normal form, by identities alone."""
