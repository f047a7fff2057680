"""Fixed graphs on a CPU, one after the other, in compiled loops; the torch program is their reference."""
