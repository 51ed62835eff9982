"""What moves in a sequence of frames."""
