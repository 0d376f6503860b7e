"""Closed sets that English text normalisation reads: units, currencies, abbreviations, symbols."""

from __future__ import annotations

MONTHS = (
    "January February March April May June July August September October November December"
).split()
MONTH_NUMBERS = {
    **{name.lower(): index for index, name in enumerate(MONTHS, 1)},
    **{name[:3].lower(): index for index, name in enumerate(MONTHS, 1)},
    "sept": 9,
}

CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}

UNITS = {
    "km/h": ("kilometre per hour", "kilometres per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s": ("metre per second", "metres per second"),
    "km": ("kilometre", "kilometres"),
    "cm": ("centimetre", "centimetres"),
    "mm": ("millimetre", "millimetres"),
    "m": ("metre", "metres"),
    "m²": ("square metre", "square metres"),
    "km²": ("square kilometre", "square kilometres"),
    "m³": ("cubic metre", "cubic metres"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("litre", "litres"),
    "L": ("litre", "litres"),
    "ml": ("millilitre", "millilitres"),
    "mL": ("millilitre", "millilitres"),
    "s": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "V": ("volt", "volts"),
    "dB": ("decibel", "decibels"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
    "%": ("percent", "percent"),
    "px": ("pixel", "pixels"),
    "fps": ("frame per second", "frames per second"),
    "K": ("thousand", "thousand"),
    "k": ("thousand", "thousand"),
    "M": ("million", "million"),
    "bn": ("billion", "billion"),
}

ABBREVIATIONS = {
    "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Dr.": "Doctor", "Prof.": "Professor",
    "St.": "Saint", "Sr.": "Senior", "Jr.": "Junior", "Gen.": "General", "Col.": "Colonel",
    "Lt.": "Lieutenant", "Capt.": "Captain", "Sgt.": "Sergeant", "Rev.": "Reverend",
    "Hon.": "Honourable", "Gov.": "Governor", "Sen.": "Senator", "Rep.": "Representative",
    "Pres.": "President", "vs.": "versus", "etc.": "et cetera", "e.g.": "for example",
    "i.e.": "that is", "a.m.": "A M", "p.m.": "P M", "approx.": "approximately",
    "dept.": "department", "Dept.": "Department", "est.": "established", "Inc.": "Incorporated",
    "Ltd.": "Limited", "Co.": "Company", "Corp.": "Corporation", "No.": "Number", "no.": "number",
    "Vol.": "Volume", "vol.": "volume", "Fig.": "Figure", "fig.": "figure", "pp.": "pages",
    "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "Mt.": "Mount", "ft.": "feet",
    "Jan.": "January", "Feb.": "February", "Mar.": "March", "Apr.": "April", "Jun.": "June",
    "Jul.": "July", "Aug.": "August", "Sep.": "September", "Sept.": "September", "Oct.": "October",
    "Nov.": "November", "Dec.": "December", "Mon.": "Monday", "Tue.": "Tuesday",
    "Wed.": "Wednesday", "Thu.": "Thursday", "Fri.": "Friday", "Sat.": "Saturday",
    "Sun.": "Sunday", "w/": "with", "w/o": "without", "U.S.": "U S", "U.K.": "U K", "U.N.": "U N",
    "Ph.D.": "P H D", "min.": "minutes", "hr.": "hour", "hrs.": "hours",
}  # fmt: skip

STARTS_OF_NAMES = frozenset(
    "Mr. Mrs. Ms. Dr. Prof. St. Gen. Col. Lt. Capt. Sgt. Rev. Hon. Gov. Sen. Rep. Pres. vs. e.g. "
    "i.e. approx. No. no. Vol. vol. Fig. fig. pp. Mt.".split()
)
"""Abbreviations that a sentence cannot end with: what follows belongs to them."""

SYMBOLS = {
    "&": "and", "@": "at", "%": "percent", "+": "plus", "=": "equals", "#": "number", "°": "degrees",
    "×": "times", "÷": "divided by", "±": "plus or minus", "≈": "approximately", "≤": "at most",
    "≥": "at least", "<": "less than", ">": "more than", "→": "to", "©": "copyright",
    "™": "trademark", "½": "one half", "¼": "one quarter", "¾": "three quarters",
    "⅓": "one third", "⅔": "two thirds",
}  # fmt: skip

BEFORE_NUMBERS = frozenset(
    "No. no. Vol. vol. Fig. fig. pp. Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec. "
    "Mon. Tue. Wed. Thu. Fri. Sat. Sun. est.".split()
)
"""Abbreviations that are also the last word of many sentences: read so only before a number."""

AFTER_NUMBERS = frozenset("min. hr. hrs. ft.".split())

SPELT_ACRONYMS = frozenset("HTTPS MPEG ISBN JSON YAML UEFA IEEE EBIT USSR SOAP".split())
"""Long capital words with vowels that are spelt all the same."""

CAPITAL_WORDS = frozenset(
    "THE AND NOT YES BUT FOR YOU ALL NOW OUT NO GO IT IS IN ON OF TO DO SO WE HE MY BE BY OR IF AT "
    "UP AN AS ARE WAS HAS HAD CAN HER HIM HIS SHE WHO WHY HOW ONE TWO TEN NEW OLD BIG BAD RED DAY "
    "MAN DOG CAT SUN RUN SEE SAY GET GOT LET END ANY OUR ITS DID MAY WAY TOO NEVER EVER".split()
)
"""Short words that are written in capitals for stress."""

SPOKEN_ACRONYMS = frozenset(
    "NASA NATO UNESCO UNICEF OPEC AIDS RAM PIN GIF JPEG LASER RADAR SCUBA FIFA NAFTA YOLO ASAP "
    "OK I A".split()
)
"""Capital words that are said as words, not spelt."""
