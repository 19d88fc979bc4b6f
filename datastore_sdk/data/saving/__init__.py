"""Save records to files: atomically, and resumably."""
