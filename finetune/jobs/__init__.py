"""Jobs: folders, their states, the queue they wait in and the process that runs them."""
