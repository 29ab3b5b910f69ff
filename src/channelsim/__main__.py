"""``python -m channelsim`` is the command line."""

from channelsim.cli import main

if __name__ == "__main__":
    main()
