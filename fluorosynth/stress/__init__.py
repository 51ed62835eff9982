"""Where a segmenter breaks: one property of a picture at a time, all others held."""
