"""What is said of a step, in each language.

>>> WORDS["nothing arrives"]
('nothing arrives', 'nada chega', 'no llega nada')
"""

# By what it is in English, in the order of `languages.LANGUAGES`. Names of operations stay those of the program.
WORDS = {
    "arrives": ("{} arrives from {}", "{} chega de {}", "{} llega de {}"),
    "arrives at": ("{} arrives at {}", "{} chega em {}", "{} llega a {}"),
    "arrives at the root": (
        "{} arrives, as at every root",
        "{} chega, como em toda raiz",
        "{} llega, como en toda raíz",
    ),
    "nothing arrives": ("nothing arrives", "nada chega", "no llega nada"),
    "and": (" and ", " e ", " y "),
    "others": ("others", "outros", "otros"),
    "leaves": ("{} leaves to {}", "{} vai para {}", "{} va a {}"),
    "so": ("{}, so {}", "{}, então {}", "{}, así que {}"),
    "nothing leaves": ("nothing leaves to {}", "nada vai para {}", "nada va a {}"),
    "and at more": ("and at {} more", "e em mais {}", "y a otros {}"),
    "and to more": ("and to {} more", "e para mais {}", "y a otros {}"),
    "a branch sums": ("a branch sums", "uma ramificação soma", "una ramificación suma"),
    "kink": ("{} has a kink at 0", "{} tem um bico em 0", "{} tiene un pico en 0"),
    "jump": ("{} has a jump {}", "{} tem um salto {}", "{} tiene un salto {}"),
    "at": ("at {}", "em {}", "en {}"),
    "here": ("here", "aqui", "aquí"),
    "blocks": ("{} blocks", "{} bloqueia", "{} bloquea"),
    "passes": ("{} passes", "{} deixa passar", "{} deja pasar"),
    "shares": ("{} shares a tie equally", "{} divide um empate por igual", "{} reparte un empate por igual"),
    "routes": ("{} routes to {}", "{} encaminha para {}", "{} encamina a {}"),
    "distributes": ("{} distributes", "{} distribui", "{} distribuye"),
    "switches": ("{} switches", "{} troca", "{} intercambia"),
}
