"""Differentiable architecture search: α, its relaxation, its gradients, and the graphs that are read off."""
