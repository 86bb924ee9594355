"""What one foot bore, or both together: sums over contacts and medians of each gait."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strideload.load import formulas
from strideload.load.contacts import Contacts
from strideload_pod import page


@dataclass(frozen=True)
class Parameters:
    """What the sums of impacts depend on, stated with every result."""

    reference_g: float = 10.0  # a round figure in the middle of peaks at the shoe; it only sets the unit
    exponent: float = 4.0
    bin_edges_g: tuple[float, ...] = (0.0, 6.0, 21.0)  # IMU Step's, made for the tibia


DEFAULTS = Parameters()


@dataclass(frozen=True)
class Gait:
    """Strides of one kind. Spread is the interquartile range."""

    strides: int
    time_s: float
    cadence_spm: float | None
    cadence_iqr_spm: float | None
    contact_s: float | None
    flight_s: float | None  # None also in walking, which has none
    duty_factor: float | None
    peak_g: float | None
    peak_p95_g: float | None
    rise_g_s: float | None


@dataclass(frozen=True)
class Bin:
    """Impacts with a peak from `from_g` to below `to_g`; None: no end."""

    from_g: float
    to_g: float | None
    impacts: int


@dataclass(frozen=True)
class Load:
    """What one foot bore, or both together."""

    strides: int  # contacts that were measured
    running: Gait
    walking: Gait
    uncertain: Gait
    impact_sum_g: float | None
    impact_weighted: float | None
    bone_stimulus_sqrt_g: float | None
    bins: tuple[Bin, ...]
    clipped_share: float | None
    unreliable_share: float | None


def load_of(
    contacts: Contacts, share: NDArray[np.float64], impacts: formulas.Weights, parameters: Parameters
) -> Load:
    """Each contact stands for `share` of the time and for so many `impacts`; of no contact, known zeros."""
    rows = contacts.rows
    peak_g = rows["peak_g"]
    sums = (
        formulas.impact_sum_g(peak_g, impacts),
        formulas.impact_weighted(peak_g, impacts, parameters.reference_g, parameters.exponent),
        formulas.bone_stimulus(peak_g, impacts, parameters.exponent),
    )
    if not len(rows):
        sums = (0.0, 0.0, 0.0)  # it was recorded, and there was no contact
    counts = formulas.bin_counts(peak_g, impacts, parameters.bin_edges_g)
    return Load(
        strides=len(rows),
        running=_gait(rows, share, page.STEP_KIND_RUN),
        walking=_gait(rows, share, page.STEP_KIND_WALK),
        uncertain=_gait(rows, share, page.STEP_KIND_UNCERTAIN),
        impact_sum_g=sums[0],
        impact_weighted=sums[1],
        bone_stimulus_sqrt_g=sums[2],
        bins=tuple(map(Bin, parameters.bin_edges_g, (*parameters.bin_edges_g[1:], None), counts)),
        clipped_share=formulas.share(rows["flags"] & page.STEP_CLIPPED != 0),
        unreliable_share=formulas.share(rows["flags"] & page.STEP_PEAK_UNRELIABLE != 0),
    )


def _gait(rows: NDArray[np.void], share: NDArray[np.float64], kind: int) -> Gait:
    chosen = rows["kind"] == kind
    own, own_share = rows[chosen], share[chosen]
    stride_s, contact_s = own["stride_s"], own["contact_s"]
    cadence = formulas.cadence_spm(stride_s)
    running = kind == page.STEP_KIND_RUN
    return Gait(
        strides=len(own),
        time_s=formulas.time_s(stride_s, own_share),
        cadence_spm=formulas.median(cadence),
        cadence_iqr_spm=formulas.interquartile_range(cadence),
        contact_s=formulas.median(contact_s),
        flight_s=formulas.median(formulas.flight_s(stride_s, contact_s)) if running else None,
        duty_factor=formulas.median(formulas.duty_factor(stride_s, contact_s)),
        peak_g=formulas.median(own["peak_g"]),
        peak_p95_g=formulas.percentile(own["peak_g"], 95),
        rise_g_s=formulas.median(own["rise_g_s"]),
    )
