"""Results in the formats of others, each made from what a student may see."""
