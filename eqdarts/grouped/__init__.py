"""One form for several groups of rows, with constants that are a group's own or shared by all."""
