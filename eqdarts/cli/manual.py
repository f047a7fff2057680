"""Help that reads like a short manual: options below headings, and examples at the end.

Rich's panels would wait for its Markdown, which takes as long as all the rest of ``--help``.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

_FIRST, _REST = "Options", "Other options"


class Manual(TyperCommand):
    """A command whose options stand below the headings that they name as their ``rich_help_panel``."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then what has no heading, then a section for each heading, and the help option at the end."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], _FIRST: []}
        last: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row is None:
                continue
            if parameter.param_type_name == "argument":
                sections["Arguments"].append(row)
            elif parameter.name == "help":
                last.append(row)
            else:
                sections.setdefault(getattr(parameter, "rich_help_panel", None) or _FIRST, []).append(row)
        sections[_REST if any(sections.values()) else _FIRST] = last
        for heading, rows in sections.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples as they stand, a line each."""
        _write_examples(self.epilog, formatter)


class Contents(TyperGroup):
    """The list of commands, with examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples as they stand, a line each."""
        _write_examples(self.epilog, formatter)


def _write_examples(examples: str | None, formatter: Any) -> None:
    with formatter.section("Examples"):
        for line in (examples or "").splitlines():
            formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
