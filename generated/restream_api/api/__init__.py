# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""The operations of the contract, by tag."""
