"""The proof table: theorems in closed form beside what the simulator and an optimiser over it find."""
