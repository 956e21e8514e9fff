"""Files of Office: packages in which only the text of runs changes."""
