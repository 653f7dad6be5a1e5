"""``aprendiz estimate``: what the student would do with the messages that a shop already has."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from services.cli.options import MOST_USD, Json, Language
from services.cli.rows import ROWS, naming, rows_of

if TYPE_CHECKING:
    from services.cli.intake import Intake
    from services.learning.estimation.estimate import Estimate


def estimate(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A chat's .txt or .zip, a folder of them, a table, or a database."
        ),
    ],
    base: Annotated[
        str | None,
        typer.Option(
            metavar=ROWS, help="Learn from these rows or this catalogue, not from the shipped one."
        ),
    ] = None,
    language: Language = "es",
    target: Annotated[
        float,
        typer.Option(min=0.5, max=0.9999, help="Precision wanted; 0.8 is shown in any case."),
    ] = 0.95,
    price: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=MOST_USD,
            help="USD for 1,000 calls of the teacher; without it gpt-4o-mini's, assumed.",
        ),
    ] = None,
    shop_name: Annotated[
        list[str] | None,
        typer.Option(
            help="Who writes for the shop in a chat, as it stands there; may be repeated."
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The table's column of messages, if it isn't found.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="The table's column of intents, if it isn't found.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what Aprendiz would answer alone, and save, before you start with it.

    FILE is one of these:

    - a WhatsApp chat: on the phone, Export chat (Más > Exportar chat), without media;

    - a folder of such chats;

    - a table, .csv or .jsonl, with a column of customers' messages, one a row;

    - a database's training_samples: sqlite:///shop.db or mysql://user:password@host/shop.

    Where the table has a column of intents, as an earlier GPT gave them, the student is compared
    with them, each row by a student that did not learn from it.

    Nothing is sent anywhere, stored or spent. Phones, e-mails and long numbers are masked.

    Example: aprendiz estimate "Chat de WhatsApp con Ana.txt" --shop-name "Tienda Luna"
    """
    from services.cli.estimate_tables import show
    from services.cli.intake import Hints, take_in

    with Console(stderr=True).status("Reading and training ..."):
        intake = take_in(file, Hints(tuple(shop_name or ()), column, label))
        found = _estimated(intake, file, base, language, target, price)
    if as_json:
        print(json.dumps(found.figures() | {"remarks": intake.remarks}, ensure_ascii=False))
    else:
        show(found, intake.remarks, priced=price is not None)


def _estimated(
    intake: "Intake", file: str, base: str | None, language: str, target: float,
    price: float | None,
) -> "Estimate":  # fmt: skip
    from services.learning.estimation.estimate import USD_PER_THOUSAND_CALLS
    from services.learning.estimation.estimate import estimate as estimated
    from services.learning.estimation.messages import UnusableMessages
    from services.seeding import DATA

    rows = [base or str(DATA / "base_intents.json")]
    try:
        with naming(rows):
            return estimated(
                intake.messages,
                rows_of(rows),
                language=language,
                target=target,
                usd_per_thousand_calls=USD_PER_THOUSAND_CALLS if price is None else price,
            )
    except UnusableMessages as error:
        raise UnusableMessages(f"{file}: {error}") from error
