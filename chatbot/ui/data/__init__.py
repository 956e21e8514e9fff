"""The data tab: what its visitor has kept that a model can be taught with."""
