"""Jobs: folders, their states, the line they wait in and the process that runs them."""
