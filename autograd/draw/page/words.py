"""What a page says beside its steps, in each language.

>>> words("pt")["back"], words("es")["back"]
('Voltar', 'Atrás')
"""

from ...languages import in_language

# In English, Portuguese and Spanish. What stands in braces the script fills in.
WORDS = {
    "graph": ("Graph", "Grafo", "Grafo"),
    "steps": ("Steps", "Passos", "Pasos"),
    "step": ("Step", "Passo", "Paso"),
    "first": ("To the start", "Ao início", "Al inicio"),
    "back": ("Back", "Voltar", "Atrás"),
    "play": ("Play", "Reproduzir", "Reproducir"),
    "pause": ("Pause", "Pausar", "Pausar"),
    "next": ("Forward", "Avançar", "Adelante"),
    "last": ("To the end", "Ao fim", "Al final"),
    "first_key": ("Home", "Home", "Inicio"),
    "back_key": ("left arrow", "seta para a esquerda", "flecha izquierda"),
    "play_key": ("space", "espaço", "espacio"),
    "next_key": ("right arrow", "seta para a direita", "flecha derecha"),
    "last_key": ("End", "End", "Fin"),
    "place": ("step {now} of {end}", "passo {now} de {end}", "paso {now} de {end}"),
    "forward": ("forward", "para a frente", "hacia adelante"),
    "backward": ("backward", "para trás", "hacia atrás"),
    "all": ("All steps", "Todos os passos", "Todos los pasos"),
    "forward_pass": ("Forward", "Para a frente", "Hacia adelante"),
    "backward_pass": ("Backward", "Para trás", "Hacia atrás"),
    "before": (
        "Nothing is computed yet. The right arrow key takes a step, the left one takes it back, space plays.",
        "Nada foi calculado ainda. A seta para a direita dá um passo, a seta para a esquerda volta um passo, "
        "e o espaço reproduz.",
        "Todavía no se ha calculado nada. La flecha derecha da un paso, la izquierda lo deshace, y el espacio "
        "reproduce.",
    ),
    "sofar": (
        "A gradient with dots below it is what has arrived so far.",
        "Um gradiente pontilhado é o que chegou até agora.",
        "Un gradiente con puntos debajo es lo que ha llegado hasta ahora.",
    ),
    "mouse": (
        "Point at a card for its formula, click on it for its step; by keyboard with the up and down arrows and Enter.",
        "Aponte para um cartão para ver sua fórmula, clique nele para ir ao seu passo; pelo teclado, com as setas para "
        "cima e para baixo e Enter.",
        "Señale una tarjeta para ver su fórmula, haga clic en ella para ir a su paso; con el teclado, con las flechas "
        "arriba y abajo e Intro.",
    ),
    "finger": (
        "Swipe to the left for a step, to the right to take it back; tap a card for its step.",
        "Deslize para a esquerda para dar um passo, para a direita para voltar; toque num cartão para ir ao seu passo.",
        "Deslice a la izquierda para dar un paso, a la derecha para deshacerlo; toque una tarjeta para ir a su paso.",
    ),
    "description": (
        "The steps below tell what is computed.",
        "Os passos abaixo dizem o que é calculado.",
        "Los pasos de abajo dicen qué se calcula.",
    ),
    "left_out": (
        "There are steps at {shown} of {all} nodes.",
        "Há passos em {shown} de {all} nós.",
        "Hay pasos en {shown} de {all} nodos.",
    ),
}


def words(language: str) -> dict[str, str]:
    """All of them in one language."""
    return in_language(WORDS, language)
