"""The parts that all commands share: a program, its streams, its files, its bars."""
