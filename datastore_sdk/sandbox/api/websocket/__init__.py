"""The WebSocket rooms: what pads and sites tell by themselves, as it happens."""
