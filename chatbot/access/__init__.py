"""Who asks: users and their passwords, the owner cookie, the headers of every answer."""
