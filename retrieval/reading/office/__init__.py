"""Word, Excel and PowerPoint, and the zip container they come in."""
