"""WebSockets: how a room is entered, and what carries it."""
