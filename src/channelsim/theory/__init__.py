"""Closed forms of channel theory, one family a file.

They know nothing of the simulator, so that they can judge it: `channelsim.verification` compares the two.
"""
