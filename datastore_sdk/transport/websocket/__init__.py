"""WebSockets: handshake, connection, frames and socket."""
