"""The frame of every command: what it writes where, and its exit code.

Results go to stdout, progress and errors to stderr. Exit codes: 0 fine; 1 a case of ``verify`` does not hold;
2 input that cannot be used, with one line that says what to do; 130 interrupted; 141 the reader of the output
has gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from channelsim.errors import ChannelsimError

DOES_NOT_HOLD, BAD_INPUT, INTERRUPTED, READER_GONE = 1, 2, 130, 141


class Commands(TyperGroup):
    """Commands whose errors are one line each."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **options: Any) -> Any:
        """Run a command and leave with its exit code."""
        parent, asked_to_exit = super().main, options.get("standalone_mode", True)
        options |= {"prog_name": "channelsim", "standalone_mode": False}
        if not asked_to_exit:
            return parent(args, **options)
        sys.exit(_exit_code(lambda: parent(args, **options)))


def _exit_code(run: Callable[[], Any]) -> int:
    try:
        code = run()
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        _forget_reader()
        return READER_GONE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except SystemExit:  # the parser's own answer to a closed pipe
        _forget_reader()
        return READER_GONE
    except ChannelsimError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}")
    except Exception as error:
        # What the parser of the command line refuses; its classes moved between versions of typer.
        told = getattr(error, "format_message", None)
        if told is None:
            raise
        return _complain(
            f"{told()} (channelsim --help tells the commands, channelsim COMMAND --help their options)"
        )


def _complain(message: str) -> int:
    print("error:", " ".join(message.split()), file=sys.stderr)
    return BAD_INPUT


def _forget_reader() -> None:
    """Let nothing more be written to a pipe that is closed, at the interpreter's end either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Write to stdout, now: a reader that has gone is noticed here and not at the end."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_reader()
        raise typer.Exit(READER_GONE) from None
