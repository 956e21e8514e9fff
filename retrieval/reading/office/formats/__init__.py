"""Values of cells as their number formats show them."""
