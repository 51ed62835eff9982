"""A page in the browser to label sequences on: its server, and what it does to the labels."""
