"""Who is told of calls: hooks, logs, OpenTelemetry."""
