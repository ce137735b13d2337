"""The normal distribution in one number."""

Z95 = 1.959963984540054
"""Its 97.5 percent point: two-sided intervals of 95 percent."""
