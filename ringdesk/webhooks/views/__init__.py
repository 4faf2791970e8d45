"""Pages of outside CRMs and webhooks."""
