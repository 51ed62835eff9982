"""Effective linear attenuation coefficients of what X-rays meet, by tube voltage.

From the NIST tables (Hubbell and Seltzer; XCOM), weighted by filtered spectra of 60 to 90 kVp.
"""

from __future__ import annotations

from typing import Literal, get_args

from fluorosynth.errors import UsageError

Material = Literal[
    "nitinol",
    "steel",
    "platinum",
    "pebax_baso4_20",
    "pebax_baso4_40",
    "pebax_baso4_60",
    "pebax_tungsten",
    "iodine",
    "bone",
]
VOLTAGES = 60.0, 70.0, 80.0, 90.0  # kVp
TABLE: dict[str, tuple[float, ...]] = {  # 1/mm
    "nitinol": (1.37, 1.07, 0.88, 0.80),
    "steel": (1.68, 1.30, 1.07, 0.97),
    "platinum": (14.8, 11.4, 9.4, 9.4),  # with iridium: marker bands, tips, electrodes
    "pebax_baso4_20": (0.23, 0.203, 0.177, 0.15),  # per cent of weight
    "pebax_baso4_40": (0.53, 0.463, 0.397, 0.33),
    "pebax_baso4_60": (0.99, 0.86, 0.73, 0.60),
    "pebax_tungsten": (2.0, 2.0, 2.0, 2.0),  # 80 %
    "iodine": (0.44, 0.38, 0.32, 0.26),  # 300 mgI/ml, diluted in a vessel
    "bone": (0.089, 0.080, 0.072, 0.063),  # cortical, net of tissue
}


def attenuation(material: str, kvp: float) -> float:
    """Return the attenuation of a material in 1/mm, linear between the tabled voltages.

    Parameters
    ----------
    material
        Name of the material, a key of ``TABLE``.
    kvp
        Tube voltage in kV, 60..90.

    Raises
    ------
    UsageError
        For an unknown material or a voltage outside the table.

    Examples
    --------
    >>> round(attenuation("steel", 65), 3)
    1.49
    """
    if material not in TABLE:
        raise UsageError(f"no material is called {material!r}; known: {', '.join(TABLE)}")
    if not VOLTAGES[0] <= kvp <= VOLTAGES[-1]:
        raise UsageError(f"tube voltage must be in [60, 90] kVp, not {kvp}")
    i = min(int((kvp - VOLTAGES[0]) / 10), 2)
    values, share = TABLE[material], (kvp - VOLTAGES[i]) / 10
    return values[i] + share * (values[i + 1] - values[i])


assert set(TABLE) == set(get_args(Material))  # noqa: S101 - one list, two uses
