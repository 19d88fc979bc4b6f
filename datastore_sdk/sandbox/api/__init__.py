"""HTTP and WebSocket API in front of the simulated field."""
