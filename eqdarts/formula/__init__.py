"""Formulas as SymPy expressions: read, written, evaluated; what may stand in one."""
