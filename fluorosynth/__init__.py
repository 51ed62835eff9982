"""Labelled X-ray fluoroscopy, made rather than annotated."""
