"""A recipe to a finished set: resumable, parallel, checked."""
