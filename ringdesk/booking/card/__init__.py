"""The booking card of the staff."""
