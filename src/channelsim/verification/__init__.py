"""The proof table: theorems in closed form beside what the simulator and an optimiser over it find."""

from channelsim.verification.table import FAMILIES, Table, verify

__all__ = ["FAMILIES", "Table", "verify"]
