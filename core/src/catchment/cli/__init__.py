"""The command line: what an operator types.  Nothing is loaded before a command needs it."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that was typed and end with its exit code."""
    from catchment.cli.frame import end_gently, run_command

    end_gently()
    sys.exit(run_command(sys.argv[1:]))
