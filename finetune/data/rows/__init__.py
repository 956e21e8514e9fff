"""Files from strangers -> rows, one at a time, with the reason for each that is none."""
