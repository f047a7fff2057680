"""A report: one file that a browser shows, with the law, its rivals, pictures, data and methods.

Nothing in it is loaded from elsewhere. `report_html` gives its text, `write_report` a file.
"""

from eqdarts.report.page import report_html, write_report

__all__ = ["report_html", "write_report"]
