"""The text that the tiny model's tokenizer is trained on."""

from __future__ import annotations

TEXT = """\
What does the light on the front of the device mean? It is on when the device is ready, and it blinks while the device
works. How do I put it back to what it was when it was new? Hold the button on the back for ten seconds, until the
light goes out; then wait for a minute, and switch it on again. What was stored on it is lost, so copy it first.
Where can I see what an answer cost? Open the settings, choose the account, and look under "usage": there is a line for
each day, with the number of requests and the price. The price of an answer is that of its words and of the question's.
Which of the two should I choose? The first is faster, and the second is more exact; if you do not know, take the first.
Is there a list of all the tools that the assistant may call? Yes: a tool has a name, a description and parameters, and
a call has a name and arguments, such as {"city": "Bonn", "unit": "celsius", "days": 3}. The answer of the tool comes
back as a text, and then the assistant goes on. Wie spät ist es? Es ist zehn Uhr. Wo steht das Gerät? Es steht im Büro,
neben der Tür. Können Sie mir das noch einmal erklären? Ja, gern: zuerst öffnen Sie die Einstellungen, dann wählen Sie
das Konto, und zuletzt drücken Sie auf „Speichern“. Où est la gare ? Elle est à deux pas d'ici, à côté de la mairie.
def add(left, right): return left + right
for number in range(10): print(number, "is a number")
SELECT name, price FROM product WHERE price > 10 ORDER BY name;
"""
