"""The vendor's client beside ours: the same calls to the same service, requests and results compared one by one."""
