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
    """Print the names of the built-in recipes."""
    from fluorosynth.recipe import Recipe

    click.echo("\n".join(Recipe.presets()))


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
