"""Whether a text gives what stands somewhere in it as the value of a field: a model that is to fill one likes to fill it with anything."""
