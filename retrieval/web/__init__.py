"""Pages of the web as documents: the one door through which the server fetches them."""
