"""What all commands share: a program, its files, its bars."""
