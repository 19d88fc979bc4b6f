"""The subcommands: options, help and what they do. What is slow to import is imported when a command runs."""
