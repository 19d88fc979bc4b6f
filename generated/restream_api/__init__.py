# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

"""The REST calls of the Restream service, generated from the contract.

`restream_api.api.<tag>` has one function per operation. Each returns an `Operation`, the call as a value, without doing
any I/O; `restream_api.types.send` and `asend` carry it out with a plain httpx client. `restream_api.models` has the
objects.
"""
