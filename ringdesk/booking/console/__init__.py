"""The console: a function is tried by hand, and shown as a bot or a program would call it."""
