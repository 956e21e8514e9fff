"""Files whose text is translated while all else stays: what of it is text, and the file again with that text replaced."""
