"""The command line: a module for each command, and what they share. The only room that prints.

Exit code 0, or 2 with one line on stderr that says what is wrong and what to do. Ctrl-C ends a search,
and the best so far is printed and written; the exit code is then 130. Heavy modules are imported by the commands that
need them, so that help and usage errors appear at once.
"""

from eqdarts.cli.program import main

__all__ = ["main"]
