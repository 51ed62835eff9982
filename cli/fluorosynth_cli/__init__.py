"""The command line of fluorosynth: one file per command."""
