"""A student's file: found, run, and called in surroundings like the course's."""
