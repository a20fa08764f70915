"""The other judge of an equation: both sides in numbers, at small sizes."""
