"""Files in an S3-compatible bucket."""
