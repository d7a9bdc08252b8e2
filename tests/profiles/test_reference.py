from catalog.directories import REPOSITORY
from profiles.reference import reference


def test_the_reference_page_is_what_the_schema_says() -> None:
    page = REPOSITORY / "docs" / "reference" / "profile.md"
    assert page.read_text() == reference(), "python -m profiles.reference > docs/reference/profile.md"
