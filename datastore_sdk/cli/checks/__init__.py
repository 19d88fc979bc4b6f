"""What `datastore doctor` looks at, from this machine to the service."""
