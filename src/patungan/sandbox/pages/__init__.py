"""Pages for people: to pay as a buyer, to read what was sent, to lay down faults. Indonesian first, English beside it."""
