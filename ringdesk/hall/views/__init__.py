"""Pages of the hall: the day, the reservation card, the settings."""
