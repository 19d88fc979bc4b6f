"""Bearer tokens: providers, client credentials and the token cache on disk."""
