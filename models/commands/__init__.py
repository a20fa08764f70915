"""The subcommands of ``python -m models``, a module each."""
