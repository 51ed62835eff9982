"""``python -m fluorosynth_cli``."""

from fluorosynth_cli.main import main

main()
