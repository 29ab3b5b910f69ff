"""The rules of the week, a file each; every file opens with its theory."""
