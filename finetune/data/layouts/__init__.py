"""What the fields of a row mean, in the dialects that people have."""
