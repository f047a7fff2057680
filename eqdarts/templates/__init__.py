"""Laws of which parts are known: the search for the unknown functions of a template."""
