"""Countries and cities of an audience, with their time zones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """A country.

    Attributes:
        users: Number of Instagram users, in millions.
        utc_offset: Hours from UTC to the standard time of most of its people.
        cities: Its largest cities, as Meta writes them, with a comma before the region.
    """

    users: float
    utc_offset: float
    cities: tuple[str, ...] = ()


def _country(users: float, utc_offset: float, cities: str = "") -> Country:
    return Country(users, utc_offset, tuple(cities.split(" | ")) if cities else ())


COUNTRIES = {
    "IN": _country(
        363,
        5.5,
        "Mumbai, Maharashtra | Delhi, Delhi | Bangalore, Karnataka | Kolkata, West Bengal",
    ),
    "US": _country(
        170,
        -6,
        "New York, New York | Los Angeles, California | Chicago, Illinois | Houston, Texas | "
        "Springfield, Missouri | Springfield, Massachusetts | Miami, Florida",
    ),
    "BR": _country(
        135, -3, "São Paulo, São Paulo (state) | Rio de Janeiro, Rio de Janeiro (state)"
    ),
    "ID": _country(101, 7, "Jakarta, Jakarta | Surabaya, East Java"),
    "TR": _country(57, 3, "Istanbul, Istanbul Province | Ankara, Ankara Province"),
    "JP": _country(55, 9, "東京, 東京都 | Osaka, Osaka"),
    "MX": _country(45, -6, "Mexico City, Distrito Federal | Guadalajara, Jalisco"),
    "GB": _country(
        33, 0, "London, England | Manchester, England | Birmingham, England | Glasgow, Scotland"
    ),
    "DE": _country(
        30,
        1,
        "Berlin, Berlin | Hamburg, Hamburg | München, Bayern | Köln, Nordrhein-Westfalen",
    ),
    "IT": _country(30, 1, "Rome, Lazio | Milan, Lombardia | Naples, Campania"),
    "AR": _country(28, -3, "Buenos Aires, Ciudad Autónoma de Buenos Aires | Córdoba, Córdoba"),
    "FR": _country(27, 1, "Paris, Île-de-France | Lyon, Rhône-Alpes | Marseille, Provence"),
    "ES": _country(24, 1, "Madrid, Comunidad de Madrid | Barcelona, Cataluña | Córdoba, Andalucía"),
    "KR": _country(23, 9, "Seoul, Seoul"),
    "PH": _country(21, 8, "Quezon City, Philippines"),
    "CO": _country(20, -5, "Bogotá, Distrito Especial | Medellín, Antioquia"),
    "CA": _country(
        20,
        -5,
        "Toronto, Ontario | Montreal, Quebec | St. John's, Newfoundland and Labrador",
    ),
    "TH": _country(19, 7, "Bangkok, Bangkok"),
    "EG": _country(18, 2, "Cairo, Cairo Governorate"),
    "PK": _country(17, 5, "Karachi, Sindh"),
    "SA": _country(16, 3, "Riyadh, Riyadh Region"),
    "MY": _country(15, 8, "Kuala Lumpur, Kuala Lumpur"),
    "AU": _country(14, 10, "Sydney, New South Wales | Melbourne, Victoria | Brisbane, Queensland"),
    "CL": _country(12, -4, "Santiago, Santiago Metropolitan Region"),
    "PL": _country(11, 1, "Warsaw, Masovian Voivodeship"),
    "VN": _country(11, 7, "Ho Chi Minh City, Ho Chi Minh City"),
    "NG": _country(11, 1, "Lagos, Lagos State"),
    "UA": _country(11, 2, "Kyiv, Kyiv"),
    "TW": _country(11, 8, "台北, 台北市"),
    "MA": _country(10, 1, "Casablanca, Casablanca-Settat"),
    "PE": _country(10, -5, "Lima, Lima Region"),
    "NL": _country(9, 1, "Amsterdam, North Holland | Rotterdam, South Holland"),
    "AE": _country(7, 4, "Dubai, Dubai"),
    "BD": _country(7, 6),
    "ZA": _country(7, 2, "Johannesburg, Gauteng | Cape Town, Western Cape"),
    "SE": _country(6, 1, "Stockholm, Stockholm County | Malmö, Skåne County"),
    "PT": _country(6, 0, "Lisbon, Lisbon District"),
    "RO": _country(6, 2, "Bucharest, Bucharest"),
    "BE": _country(5, 1, "Antwerp, Vlaanderen"),
    "IL": _country(5, 2, "Tel Aviv, Tel Aviv District"),
    "GR": _country(5, 2, "Athens, Attica"),
    "AT": _country(4, 1, "Vienna, Wien"),
    "CH": _country(4, 1, "Zürich, Canton of Zürich"),
    "CZ": _country(4, 1),
    "HK": _country(4, 8),
    "DK": _country(3, 1),
    "NO": _country(3, 1),
    "SG": _country(3, 8),
    "RS": _country(3, 1),
    "KE": _country(3, 3),
    "HU": _country(3, 1),
    "IE": _country(2.5, 0),
    "NZ": _country(2.5, 12),
    "FI": _country(2.5, 2),
    "BG": _country(2, 2),
    "LK": _country(2, 5.5),
    "HR": _country(1.5, 1),
}
"""By code. These are more than the 45 that an answer holds.

The numbers of users are rounded from DataReportal's "Digital 2024" for the largest countries and
estimated for the others.
"""
