"""What a person may say that a customer meant."""

from services.panel.refusals import ApiError, shown
from services.storage import catalogue
from services.storage.engine import Transaction


async def require_known(transaction: Transaction, name: str | None) -> None:
    """Raises ApiError 422 unless `name` is an intent of the catalogue, or None: nothing fits."""
    known = sorted(each.name for each in await catalogue.read(transaction))
    if name is not None and name not in known:
        expected = f"null, or an intent of the catalogue: {', '.join(known)}"
        raise ApiError(422, "intent", expected=expected, got=shown(name))
