from catalog.reference import PAGE, page
from catalog.schema import load


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text() == page(load()), "run `python -m catalog.reference`"
