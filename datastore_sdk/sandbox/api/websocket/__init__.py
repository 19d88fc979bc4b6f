"""WebSocket rooms: live records, and updates of pads, sites and data changes."""
