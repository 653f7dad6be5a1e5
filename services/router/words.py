"""Reads a customer's words as product names may be written: no accents, plurals or endings."""

import re
from collections.abc import Sequence
from functools import lru_cache

from services.learning.grams import stem
from services.learning.normalise import unaccented

_WORD = re.compile(r"[a-z0-9]+")
# Spellings that sound alike in Latin America: sapatillas, vlusa, lapises.
_SOUNDS = str.maketrans("zv", "sb")
_SOFT_C = re.compile(r"c(?=[ei])")
_SILENT_H = re.compile(r"(?<!c)h")
_PLURAL = re.compile(r"(?<=\w{4})s$")
_REMEMBERED = 50_000
_LONGEST = 40  # letters of a word: what is remembered must stay small


def fold(text: str) -> list[str]:
    """The words of `text` in lower case, without accents."""
    return [word[:_LONGEST] for word in _WORD.findall(unaccented(text.lower()))]


@lru_cache(_REMEMBERED)
def root(word: str) -> str:
    """A folded word's stem by its sound: `camisas` and `camiza` have one, `negro` and `negras`."""
    sound = _SILENT_H.sub("", _SOFT_C.sub("s", word.translate(_SOUNDS)))
    return stem(_PLURAL.sub("", sound), "es")


def roots(words: Sequence[str]) -> list[str]:
    """The root of each word."""
    return [root(word) for word in words]


def one_slip(one: str, other: str) -> bool:
    """Whether they differ by one letter: wrong, missing, too many, or two changed places."""
    if abs(len(one) - len(other)) > 1:
        return False
    pairs = enumerate(zip(one, other, strict=False))
    start = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]


_PLAIN = """
    a al algo algun alguna algunas alguno algunos aqui asi aun bien cada como con cosa cosas cual
    cuales cuando de del desde donde el ella ellas ellos en entonces era es esa esas ese eso esos
    esta estaba estan estar estas este esto estos estoy favor fue ha hasta hay he la las le les lo
    los mas me mi mis mismo mucho muy nada ni no nos o otra otras otro otros para pero por porfa
    porfavor pues que quien se sea ser si sin sobre solo son su sus tal tambien te ti todo toda
    todos todas tu tus un una unas uno unos usted ustedes xfa y ya yo q k x d xq tmb plis
    hola ola buen buena buenas bueno buenos dia dias tarde tardes noche noches saludos amigo amiga
    vecino vecina senor senora senorita disculpe disculpa perdon gracias che hey
    ando busco buscando buscaba compro comprar dame das dar decir dice dices dime diga digame
    envia envie enviame mandame manda mande muestra muestrame muestre pasa pasame pasas pase
    puede puedes podria podrias quede queda quedan quedaron queria quiere quiero quisiera regala
    saber sabes sale salen seria tendra tendran tendras tenga tengo tiene tienen tienes tenes venden
    vende vendes vi ver viene vienen maneja manejan ofrecen hacen hace llega llego llegan traen
    sigue siguen deja dejan dejas pide piden pides pagar pagando saldria vuelve entra van traer
    interesa gusta gustaria necesito pido llevo llevar
    precio precios prec costo costos cuesta cuestan cuesten valor valores vale valen valga cuanto
    cuantos cuanta cuantas cto kuanto qesta kuesta cobra cobran cobras cotiza cotizas cotizar
    cotizacion lista caro caros barato baratos dolar dolares peso pesos plata soles
    unidad unidades docena par pares kilo mayor detal unitario total descuento descuentos oferta
    ofertas promo promos promocion promociones rebaja rebajas
    catalogo producto productos articulo articulos modelo modelos marca marcas tipo tipos tienda
    disponible disponibles disponibilidad stock existencia existencias agotado agotada agoto
    color colores talla tallas numero tamano tamanos todavia ahora hoy manana ayer
    verdad claro dale ok okey sip
"""
PLAIN = frozenset(_PLAIN.split())
"""Words of a question that name no product."""

_DETAIL = """
    negro blanco rojo azul verde amarillo gris rosado rosa morado cafe marron beige naranja dorado
    plateado celeste xs xl xxl xxxl
"""
DETAIL = frozenset(roots(_DETAIL.split()))
"""Roots of colours and sizes: who asks for one wants to hear of that one."""

_FOR_WHOM = """
    oscuro grande mediano pequeno chico nuevo hombre mujer dama caballero nino nina bebe unisex
"""
DESCRIBING = DETAIL | frozenset(roots(_FOR_WHOM.split()))
"""Roots of words that tell products apart and name none."""
