"""Values as Excel shows them; what it showed was looked up there, and in ECMA-376, part 1, section 18.8.31."""

from datetime import date, datetime, time, timedelta

import pytest

from retrieval.reading.office.formats.shown import Value, shown

ACCOUNTING = '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)'


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234567.5, '"€"#,##0.00', "€1,234,567.50"),
        (1234.567, "#,##0.00 [$€-407]", "1,234.57 €"),
        (1234.5, "[$¥-804]#,##0.00", "¥1,234.50"),
        (1234, "00000", "01234"),
        (0.0725, "0.00%", "7.25%"),
        (-0.5, "0%;[Red]-0%", "-50%"),
        (-450, "#,##0;(#,##0)", "(450)"),
        (1234.5, ACCOUNTING, "$1,234.50"),
        (-1234.5, ACCOUNTING, "$(1,234.50)"),
        (0, ACCOUNTING, "$-"),
        ("late", ACCOUNTING, "late"),
        (12_300_000, '0.0,,"M"', "12.3M"),
        (1234567890, '#,##0,"k"', "1,234,568k"),
        (-3, "0.00", "-3.00"),
        (2.675, "0.00", "2.68"),
        (0.5, "#.##", ".5"),
        (0.5, ".00", ".50"),
        (3, "0.0#", "3.0"),
        (0, "#", ""),
        (123456789, "000-00-0000", "123-45-6789"),
        (5551234567, "(###) ###-####", "(555) 123-4567"),
        (1.25, "# ?/?", "1 1/4"),
        (1.25, "# ??/8", "1 2/8"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (150, '[>=100]"big" 0;0.0', "big 150"),
        (15, '[>=100]"big" 0;0.0', "15.0"),
        (100, '0" kg"', "100 kg"),
        (1.5, ";;;", ""),
        (1e300, "0", "1" + "0" * 300),
        (True, "General", "TRUE"),
        (0.1 + 0.2, "General", "0.3"),
        (123456789012345678, "General", "123456789012345678"),
        (1234567.5, "General", "1234567.5"),
        (datetime(2024, 3, 9), "dd/mm/yyyy", "09/03/2024"),
        (datetime(2024, 3, 9), "mm-dd-yy", "2024-03-09"),
        (date(2024, 3, 9), "dddd, mmmm d, yyyy", "Saturday, March 9, 2024"),
        (datetime(2024, 3, 9), '[$-804]yyyy"年"m"月"d"日";@', "2024年3月9日"),
        (datetime(2024, 3, 9), "aaaa", "星期六"),
        (datetime(2024, 3, 9, 14, 5, 7), "m/d/yyyy h:mm AM/PM", "3/9/2024 2:05 PM"),
        (datetime(2024, 3, 9, 14, 5, 7), "hh:mm:ss", "14:05:07"),
        (time(14, 30), "hh:mm", "14:30"),
        (timedelta(days=1, hours=12), "[h]:mm", "36:00"),
        (timedelta(minutes=90), "[mm]:ss", "90:00"),
        (None, "0.00", ""),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_excel_shows_it(value: Value, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    "code", ["", ";", '"', "[", "\\", "0" * 300, "[$-", "E+", "/", "@@", "[>x]0", ".", ",", "0/0", "y" * 90]
)
@pytest.mark.parametrize("value", [0, -1.5, 7e200, "x", datetime(9999, 12, 31), timedelta(days=-9)])
def test_a_format_that_is_none_does_no_harm(value: Value, code: str) -> None:
    assert isinstance(shown(value, code), str)
