"""The reference trainer: hand-coded in NumPy, readable, checked like anybody else's gradients."""
