"""Effective linear attenuation coefficients of what X-rays meet, by tube voltage.

From the NIST tables (Hubbell and Seltzer; XCOM), weighted by filtered spectra of 60 to 90 kVp. What
a body is made of stands beside it, by the energy of the photons.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

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

# Hubbell and Seltzer, NISTIR 5632 (the NIST X-ray mass attenuation tables): water at 1 g/cm3 and
# cortical bone (ICRU-44) at 1.92 g/cm3, 1/mm
KEV = (30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
WATER_BY_KEV = (0.03756, 0.02683, 0.02269, 0.02059, 0.01837, 0.01707)
BONE_BY_KEV = (0.25555, 0.12778, 0.08145, 0.06044, 0.04280, 0.03562)

# Of procedural anatomy, 1/mm, rounded between 55 and 65 keV
SOFT_TISSUE = 0.020
LUNG_LACKS = 0.014  # what a millimetre of lung lacks of that
BONE_ADDS = 0.045  # what a millimetre of cortical bone adds to it


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


def water_and_bone(energy: float) -> tuple[float, float]:
    """Return the attenuation of water and of cortical bone, 1/mm.

    Interpolated in the logarithms.

    Parameters
    ----------
    energy
        Effective energy, 30 to 100 keV.

    Raises
    ------
    UsageError
        For another energy.

    Examples
    --------
    >>> [round(mu, 4) for mu in water_and_bone(60)]
    [0.0206, 0.0604]
    """
    if not KEV[0] <= energy <= KEV[-1]:
        raise UsageError(f"energy must be {KEV[0]:g} to {KEV[-1]:g} keV, not {energy:g}")
    at = np.log(energy), np.log(KEV)
    water, bone = (float(np.exp(np.interp(*at, np.log(mu)))) for mu in (WATER_BY_KEV, BONE_BY_KEV))
    return water, bone


assert set(TABLE) == set(get_args(Material))  # noqa: S101 - one list, two uses
