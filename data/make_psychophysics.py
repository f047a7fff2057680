"""Write psychophysics.csv: synthetic loudness judgements that follow Stevens' power law.

Eight observers judge eleven 1 kHz tones, 40 to 90 dB above 20 µPa. The true loudness is the sone scale
of Stevens (1955): L = (p / 2 mPa)^0.6, so 1 sone at 40 dB and twice as loud for every 10 dB. Each
judgement is multiplied by log-normal noise of about 10 %, since people err in proportion.
"""

from pathlib import Path

import numpy as np
import pandas as pd

OBSERVERS = 8
LEVELS_DB = np.arange(40, 91, 5)
NOISE = 0.1  # standard deviation of the natural logarithm of a judgement


def three_digits(values: np.ndarray) -> list[float]:
    return [float(f"{value:.3g}") for value in values]


def main() -> None:
    generator = np.random.default_rng(1955)
    observer = np.repeat(np.arange(1, OBSERVERS + 1), len(LEVELS_DB))
    pressure = np.tile(0.02 * 10 ** (LEVELS_DB / 20), OBSERVERS)
    loudness = (pressure / 2) ** 0.6 * np.exp(generator.normal(0, NOISE, len(pressure)))
    table = pd.DataFrame(
        {
            "observer": observer,
            "sound_pressure_millipascal": three_digits(pressure),
            "loudness_sone": three_digits(loudness),
        }
    )
    table.to_csv(Path(__file__).with_name("psychophysics.csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
