"""Requests over HTTP and WebSockets.

executor/   the logic of a request: retries, deadlines, concurrency, what the response means
drivers/    carry out the effects that this logic yields, by blocking or by awaiting
http/       requests over httpx: transport, parser, timeouts, proxies
websocket/  WebSocket connections
"""
