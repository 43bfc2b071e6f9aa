"""The parts of the simulation of card and transfer payments: payment_simulation.py is the entry."""
