"""The pages of working hours."""
