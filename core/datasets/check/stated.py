"""What is stated about a subject's numbers, what is not, and values of which it cannot be true."""

from __future__ import annotations

from core.datasets.check.report import Tell
from core.datasets.conventions import ORDER_HINT, Fact


def tell_order(order: Fact[str], tell: Tell, note: Tell) -> None:
    """Note in which order rows are taken; tell an order that others would not take."""
    if order.known:
        note(f"Rows are taken {order.value}.")
    else:
        tell(
            "Which image each row belongs to is in doubt: rows are taken "
            f"{order.value}. {ORDER_HINT}"
        )
