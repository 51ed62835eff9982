"""``fluorosynth recipe``: the presets."""

from __future__ import annotations

import click

EXAMPLES = """
\b
Examples:
  fluorosynth recipe list
  fluorosynth recipe show paper > my.toml
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """List the built-in recipes, or show one as TOML to edit."""


@command.command("list")
def list_() -> None:
    """Print the built-in recipes, a line each."""
    from fluorosynth.recipe import preset_lines

    lines = preset_lines()
    width = max(map(len, lines))
    click.echo("\n".join(f"{name:<{width}}  {line}" for name, line in lines.items()))


@command.command()
@click.argument("name")
def show(name: str) -> None:
    """Print a built-in recipe, or the file NAME with every default filled in.

    What each stage is given, and what it gives, follows as comments.
    """
    from fluorosynth.recipe import Recipe, preset_text

    is_file = name.endswith(".toml")
    recipe = Recipe.read(name) if is_file else Recipe.preset(name)
    click.echo(recipe.to_toml() if is_file else preset_text(name))
    for kind, given, after in recipe.passage():
        click.echo(f"# {kind:<12} {given:<22} -> {after}")
