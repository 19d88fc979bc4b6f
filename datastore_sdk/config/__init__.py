"""Configuration of clients: options, environment, profiles."""
