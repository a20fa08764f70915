"""Check a hand-coded gradient against finite differences whose error bound holds."""
