"""Errors of commands: one line that says what to do, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer
from typer.exceptions import TyperException

from datastore_sdk.cli.exit_status import ExitStatus
from datastore_sdk.cli.signals import Interruption, TerminalClosed, Terminated
from datastore_sdk.exceptions import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    CallError,
    ConfigurationError,
    MissingCredentialsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RestreamError,
    ResumeError,
    ServerError,
)

P = ParamSpec("P")

_NO_CREDENTIALS = (
    "no credentials: set TALLY_AUTH_TOKEN to the token from Tally, or RESTREAM_CLIENT_ID and RESTREAM_CLIENT_SECRET, "
    "or write them into ~/.config/restream/config.toml"
)
_STATUSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ExitStatus, str], ...] = (
    (AuthenticationError, ExitStatus.NO_ACCESS, "check the token with: datastore doctor"),
    (PermissionDeniedError, ExitStatus.NO_ACCESS, "list what the token gives access to with: datastore pads"),
    (NotFoundError, ExitStatus.NOT_FOUND, "list what there is with: datastore pads, datastore sites"),
    ((RateLimitError, ServerError), ExitStatus.SERVICE_FAILED, "try again later"),
    ((APIConnectionError, APITimeoutError), ExitStatus.SERVICE_FAILED, "find out why with: datastore doctor"),
    (CallError, ExitStatus.SERVICE_FAILED, ""),
    (ResumeError, ExitStatus.NOT_WRITTEN, ""),
    ((ConfigurationError, ImportError), ExitStatus.COULD_NOT_RUN, ""),
    (OSError, ExitStatus.NOT_WRITTEN, ""),
    ((RestreamError, TypeError, ValueError), ExitStatus.COULD_NOT_RUN, ""),
)
"""Exit status and advice for each kind of error; the first kind that fits counts."""


class CommandError(Exception):
    """A command failed. The message says what to do.

    Args:
        message: The message.
        status: The exit status.
    """

    def __init__(self, message: str, status: ExitStatus = ExitStatus.COULD_NOT_RUN) -> None:
        super().__init__(message)
        self.status = status


def to_command_error(error: Exception, advice: str = "") -> CommandError | None:
    """Return the message and exit status for an error of the SDK; None for an unexpected one.

    Args:
        error: The error.
        advice: What to do. Default: the advice for errors of its kind.
    """
    if isinstance(error, CommandError):
        return error
    if isinstance(error, MissingCredentialsError):
        return CommandError(_NO_CREDENTIALS, ExitStatus.NO_ACCESS)
    for kind, status, default_advice in _STATUSES:
        if isinstance(error, kind):
            message = " ".join(_describe(error).split())
            return CommandError("; ".join(filter(None, (message, advice or default_advice))), status)
    return None


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fspath(error.filename)}: {error.strerror}"
    return str(error)


def explain_errors(command: Callable[P, int]) -> Callable[P, int]:
    """Return the command with errors of the SDK as `CommandError`, and with exit statuses for signals."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> int:
        try:
            with Interruption():
                return command(*arguments, **options)
        except Terminated:
            return ExitStatus.TERMINATED
        except TerminalClosed:
            return ExitStatus.TERMINAL_CLOSED
        except KeyboardInterrupt:
            return ExitStatus.INTERRUPTED
        except BrokenPipeError:  # as of `head`, which has all it wants
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitStatus.DONE
        except (TyperException, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            explained = to_command_error(error)
            if explained is None:
                raise
            raise explained from error

    return run
