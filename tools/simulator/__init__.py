"""The economy simulator and its clock."""
