"""llama.cpp's own servers in this process: the default engine without a GPU."""
