"""One call: its attempts, limits and time, and what the answer means. Pure: it yields effects."""
