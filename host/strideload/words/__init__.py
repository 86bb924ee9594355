"""How days are said: the same words and figures on the page and in the terminal."""
