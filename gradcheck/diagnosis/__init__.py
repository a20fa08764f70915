"""The diagnosis of a wrong gradient: its wrong entries, and what was probably done."""
