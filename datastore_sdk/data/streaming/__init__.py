"""From response bytes to records: splitting, decoding, deduplicating, resuming."""
