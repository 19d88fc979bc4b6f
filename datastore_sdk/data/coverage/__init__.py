"""Reports on how complete downloaded records are."""
