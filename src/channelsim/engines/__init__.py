"""What runs the week: the batch engine and the Mesa model."""
