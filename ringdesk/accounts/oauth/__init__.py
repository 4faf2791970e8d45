"""OAuth 2.0: programs that act for a member in one organization, as far as the member lets them and may do it."""
