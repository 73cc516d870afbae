"""To come."""


def render() -> None:
    """Draw the page."""
