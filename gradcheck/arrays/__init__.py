"""Trees of arrays, NumPy's and other frameworks', as one flat vector, and back."""
