"""Classes as equations: scores that add to the logarithms of probabilities, and what is done with a set of them."""
