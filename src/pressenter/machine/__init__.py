"""The computer: keyboard, buses, interrupts, kernel input, network card, display."""
