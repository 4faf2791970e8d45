"""The public booking page: what a visitor sees, types in and gets."""
