"""Event hooks, logs and OpenTelemetry."""
