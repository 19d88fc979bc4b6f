"""The checks of `datastore doctor`, from this machine to the service."""
