"""An equation in other languages: NumPy, C, spreadsheets, torch and JSON; and what algebra says about it."""
