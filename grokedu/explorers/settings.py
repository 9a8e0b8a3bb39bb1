"""The table of an explorer's settings, from which traits, controls, addresses and words come."""

from dataclasses import asdict, dataclass

import traitlets as t

from grokedu.checks import check_number

MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Setting:
    """One number that the reader can change.

    Attributes
    ----------
    name : str
        In code.
    symbol : str
        In formulas.
    label : str
        Beside the control.
    default : float
    low : float
        The smallest legal value.
    high : float
        The largest one.
    whole : bool
        Whether only whole numbers are legal.
    scale : {"log", "linear", "number"}
        How a slider moves; "number" has no slider.
    step : float
        One step of the slider: in powers of ten on a logarithmic scale.
    zero : bool
        Whether 0 is legal although it lies below `low`.
    """

    name: str
    symbol: str
    label: str
    default: float
    low: float
    high: float
    whole: bool = False
    scale: str = "log"
    step: float = 0.05
    zero: bool = False

    def check(self, value):
        """`value` as a number of this setting, or a ValueError that says what is legal."""
        remedy = f"pass {self.legal}"
        number = check_number(self.name, value, remedy=remedy)
        inside = self.low <= number <= self.high or (self.zero and number == 0)
        if not inside or (self.whole and number != int(number)):
            raise ValueError(f"{self.name}={value!r}: {remedy}")
        return int(number) if self.whole else number

    @property
    def legal(self):
        """What is legal, in words."""
        kind = "a whole number" if self.whole else "a number"
        return f"{'0 or ' * self.zero}{kind} from {self.low:.10g} to {self.high:.10g}"


SEED = Setting("seed", "seed", "seed", 0, 0, MAX_SEED, whole=True, scale="number", step=1)


class Checked(t.TraitType):
    """A trait that holds what `check(explorer, value)` returns, which refuses others in words."""

    def __init__(self, check, default, help):
        super().__init__(default, help=help)
        self.check = check
        self.tag(sync=True)

    def validate(self, explorer, value):
        return self.check(explorer, value)


def _trait(setting):
    about = f"{setting.label}, {setting.legal}"
    return Checked(lambda _, value: setting.check(value), setting.default, about)


def traits(table):
    """A trait for each setting of a table, by name."""
    return {setting.name: _trait(setting) for setting in table}


def as_data(table):
    """A table as the browser reads it."""
    return [asdict(setting) for setting in table]


def defaults(table):
    """The default values of a table, by name."""
    return {setting.name: setting.default for setting in table}
