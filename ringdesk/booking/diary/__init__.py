"""The diary: days and weeks of specialists, drawn."""
