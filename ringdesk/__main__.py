"""``python -m ringdesk`` is the command ``ringdesk``."""

from ringdesk.config.cli import main

if __name__ == "__main__":
    main()
