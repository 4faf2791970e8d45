"""Pages of telephony: calls, connectors, extensions, and two steps of the first-run wizard."""
