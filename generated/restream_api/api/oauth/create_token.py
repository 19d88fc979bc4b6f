# Written by scripts/generate from openapi.yaml: do not edit; change the contract or the templates.

from ...models.token import Token
from ...models.token_request import TokenRequest
from ...types import Json, Operation, encode_form

_parse: Json[Token] = Json(Token)


def create_token(*, body: TokenRequest) -> Operation[Token]:
    """Get an access token by client credentials.

    401 and 403 mean that the credentials are wrong. A client that asks too often can get banned: keep a token
    until shortly before it expires.

    Args:
        body: The client's credentials.

    Returns:
        The operation, not yet sent. It answers with the access token.
    """
    return Operation(
        name="create_token",
        method="POST",
        endpoint="/o/token/",
        path="/o/token/",
        parse=_parse,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        content=encode_form(body),
        authenticated=False,
    )
