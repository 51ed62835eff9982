"""What recipes are made of, checked: components, plain data, random streams."""
