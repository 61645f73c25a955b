"""What optimization, training and evaluation look with: features, statistics, losses."""
