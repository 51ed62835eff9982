"""Pure functions of the physics: shadows, materials, blurs, what is no instrument."""
