"""Ordinary differential equations, and difference equations, from noisy trajectories."""

from eqdarts.dynamics.fitting import fit
from eqdarts.dynamics.model import Dynamics
from eqdarts.dynamics.reading import load

__all__ = ["Dynamics", "fit", "load"]
