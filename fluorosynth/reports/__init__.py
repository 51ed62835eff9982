"""How results are shown: pages that need nothing else, Markdown, plots, numbers for people."""
