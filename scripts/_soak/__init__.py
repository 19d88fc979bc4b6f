"""Parts of scripts/soak."""
