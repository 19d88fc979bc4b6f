"""Logic of a call: retries, deadline, concurrency, and parsing the response. Sans-I/O: it yields effects."""
