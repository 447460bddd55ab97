"""Speed, measured as ratios against what one would write by hand, in one run."""
