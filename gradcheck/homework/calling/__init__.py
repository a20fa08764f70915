"""How a course's functions are called, and what they get and give."""
