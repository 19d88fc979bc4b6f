"""`datastore --show-completion zsh`: the script for a shell by its name. typer's own option knows only the one around."""

from __future__ import annotations

from collections.abc import Sequence

from typer.completion import Shells, get_completion_script

OPTION = "--show-completion"


def script_for(arguments: Sequence[str], program: str) -> str | None:
    """The script that was asked for; None where none was, or no shell is named."""
    match arguments:
        case [option, shell] if option == OPTION and shell in [*Shells]:
            variable = f"_{program.upper()}_COMPLETE"
            return get_completion_script(prog_name=program, complete_var=variable, shell=shell)
        case _:
            return None
