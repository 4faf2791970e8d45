"""The thirteen functions, as bots and assistants call them."""
