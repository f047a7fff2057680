"""The process around the mathematics: threads, interrupts, the garbage collector, files, compiled loops."""
