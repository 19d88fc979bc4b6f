"""What a client goes by: arguments, the environment and profiles, and where each setting comes from."""
