"""What an equation is worth that has its structure from several outputs: the choice among them is made for all."""

from __future__ import annotations

from dataclasses import dataclass

from eqdarts.formula.records import Record


@dataclass(frozen=True)
class Joint:
    """One structure for several outputs, as it is judged by the rows of all of them.

    Attributes
    ----------
    complexity : int
        Nodes of the structure.
    loss : float
        Of all outputs, each in units of its own variance, as `relative_loss` of an equation.
    length : float
        Nats to describe all outputs: the structure once, the constants of each.
    """

    complexity: int
    loss: float
    length: float

    def to_record(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"complexity": self.complexity, "loss": self.loss, "length": self.length}

    @classmethod
    def from_record(cls, data: Record) -> Joint:
        """The inverse of `to_record`.

        Raises
        ------
        InputDataError
            Naming the field that is wrong.
        """
        return cls(data.integer("complexity", 1), data.number("loss", 0.0), data.number("length"))
