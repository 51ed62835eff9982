"""Every number of the publication that a run stands beside: typed once, with its place.

Gherardini, Mazomenos, Menciassi, Stoyanov: Catheter segmentation in X-ray fluoroscopy using
synthetic data and transfer learning with light U-nets. Comput. Methods Programs Biomed. 192 (2020)
105420, doi:10.1016/j.cmpb.2020.105420. Sections are given where a number stands in the text.
"""

from __future__ import annotations

from collections.abc import Mapping

SEQUENCES = ("T1", "T2", "T3", "T4", "T5", "T6")
SIZE = 256  # px, section 3.1
SYNTHETIC, PHANTOM, IN_VIVO = 9000, 2000, 1207  # Table 1
FRAMES = {"T1": 286, "T2": 150, "T3": 200, "T4": 200, "T5": 143, "T6": 228}  # Table 3, summed
FINE_TUNING_S1 = {"T1": 55, "T2": 30, "T3": 40, "T4": 40, "T5": 30, "T6": 45}  # Table 3
TESTING_S1 = {"T1": 231, "T2": 120, "T3": 160, "T4": 160, "T5": 113, "T6": 183}  # Table 3
PATCHES, MASK_SHARE = 32, 0.2  # section 3.2
PRETRAINING = {"epochs": 12, "batch_size": 30}  # section 3.3
FINE_TUNING = {"epochs": 50, "batch_size": 10}  # section 4.1
THRESHOLD = 0.01  # eq. (1)


def _row(name: str, values: tuple[float, ...], columns: tuple[str, ...]) -> dict[str, float]:
    return {f"{name}, {column}": value for column, value in zip(columns, values, strict=True)}


NUMBERS: Mapping[str, Mapping[str, float]] = {
    "fig2": {},
    "fig3": {},
    "table2": {"19 layers": 0.875, "13 layers": 0.873, "7 layers": 0.863},
    "table3": {
        **_row("fine-tuning", tuple(map(float, FINE_TUNING_S1.values())), SEQUENCES),
        **_row("testing", tuple(map(float, TESTING_S1.values())), SEQUENCES),
        # Section 4.1
        "fine-tuning, S2": 714,
        "testing, S2": 493,
        "fine-tuning, S3": 579,
        "testing, S3": 628,
        # Section 4: "between 921 and 1064, and for testing between 143 and 286"
        "training, leave-one-out, least": 921,
        "training, leave-one-out, most": 1064,
        "testing, leave-one-out, least": 143,
        "testing, leave-one-out, most": 286,
    },
    "fig4": {  # section 4.1
        "training, Dice loss, Exp. 1": 0.97,
        "training, Dice loss, Exp. 2": 0.85,
        "training, cross-entropy, Exp. 1": 0.87,
        "training, cross-entropy, Exp. 2": 0.80,
        "fine-tuning, Dice loss, Exp. 1": 0.58,
        "fine-tuning, Dice loss, Exp. 2": 0.61,
        "fine-tuning, cross-entropy, Exp. 1": 0.14,
        "fine-tuning, cross-entropy, Exp. 2": 0.02,
    },
    # Rows called "S1" and "S2" in the table are S2 and S3 of the text.
    "table4": {
        **_row("LOO", (0.03, 0.29, 0.20, 1e-4, 1e-4, 0.10), SEQUENCES),
        "LOO, mean": 0.10,
        **_row("S2, Exp. 1", (0.31, 0.31, 0.16), ("T2", "T3", "T5")),
        "S2, Exp. 1, mean": 0.26,
        **_row("S3, Exp. 1", (0.36, 0.02, 0.11), ("T3", "T4", "T6")),
        "S3, Exp. 1, mean": 0.15,
        **_row("S2, Exp. 2", (0.28, 0.33, 0.15), ("T2", "T3", "T5")),
        "S2, Exp. 2, mean": 0.25,
        **_row("S3, Exp. 2", (0.36, 0.07, 0.13), ("T3", "T4", "T6")),
        "S3, Exp. 2, mean": 0.19,
    },
    "table5": {
        **_row("Dice, Exp. 1", (0.58, 0.78, 0.72, 0.71, 0.29, 0.13), SEQUENCES),
        **_row("Dice, Exp. 2", (0.57, 0.76, 0.77, 0.73, 0.29, 0.18), SEQUENCES),
        **_row("FP %, Exp. 1", (0.98, 2.35, 1.08, 1.82, 1.48, 1.33), SEQUENCES),
        **_row("FP %, Exp. 2", (1.18, 2.85, 1.14, 2.55, 1.97, 2.10), SEQUENCES),
    },
    "fig5": {},
    "fig6": {  # caption: increased "by ~0.81 and ~0.60"; section 4.2: "~81 % and ~60 % increase"
        "gain by fine-tuning, Exp. 1": 0.81,
        "gain by fine-tuning, Exp. 2": 0.60,
    },
    "fig7": {  # section 4.3
        "light, Exp. 1": 0.58,
        "Ambrosini, Exp. 1": 0.53,
        "light, Exp. 2": 0.53,
        "Ambrosini, Exp. 2": 0.55,
    },
    "table6": {
        "light, parameters": 687_634,
        "Ambrosini, parameters": 14_133_154,
        "light, ms an image": 71,
        "Ambrosini, ms an image": 451,
    },
    "video": {},
}
TITLES: Mapping[str, str] = {
    "fig2": "Fig. 2: synthetic pictures (a, b, c) and the phantom (d) with their masks",
    "fig3": "Fig. 3: how a synthetic picture is made",
    "table2": "Table 2: layers that are fine-tuned, Dice on the phantom's training frames",
    "table3": "Table 3: frames for fine-tuning and testing, by sequence in S1",
    "fig4": "Fig. 4: two losses, validation Dice after training and after fine-tuning on S1",
    "table4": "Table 4: Dice, trained on other sequences",
    "table5": "Table 5: fine-tuned on S1, Dice and false positives by sequence",
    "fig5": "Figs. 5 and 8: the middle test frame of each sequence, fine-tuned on S1",
    "fig6": "Fig. 6: gain of the mean Dice by fine-tuning on S1",
    "fig7": "Fig. 7: mean Dice of two networks, fine-tuned on S1",
    "table6": "Table 6: parameters, and time an image",
    "video": "Supplementary video: T1, segmented by Experiment 1",
}
