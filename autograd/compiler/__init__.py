"""Functions of Values that are recorded once and replayed many times."""
