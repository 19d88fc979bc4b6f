"""The service: HTTP in front of the simulated field."""
