"""The subcommands with their options and help. Slow imports are made when a command runs."""
