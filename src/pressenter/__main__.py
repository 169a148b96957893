"""``python -m pressenter``."""

from pressenter.cli.main import main

if __name__ == "__main__":
    main(prog_name="pressenter")
