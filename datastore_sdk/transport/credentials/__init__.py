"""The token: handed over, given by a function, or asked for with client credentials and shared by processes."""
